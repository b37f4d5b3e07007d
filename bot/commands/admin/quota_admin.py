"""/quota-admin show, set, grant, reset, plan, budget: what members and servers may make."""

from datetime import timedelta

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.admin.group import (
    MEMBER,
    REASON,
    WHERE,
    WHERES,
    Reason,
    person,
    plans_to_give,
    quota_admin,
    show_member,
    suggest_plan,
)
from bot.config.schema import MOST_IMAGES
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.text.translate import Speaker

DAYS, MOST_DAYS = 30, 365  # that a grant lasts


@quota_admin.command(name=locale_str("show"), description=locale_str("See what a member used today"))
@app_commands.describe(member=MEMBER)
async def show(interaction: Interaction, member: discord.User) -> None:
    await acknowledge(interaction)
    authorise_change(interaction)
    await show_member(interaction, member)


@quota_admin.command(name=locale_str("set"), description=locale_str("Set how many images a member may make a day"))
@app_commands.describe(
    member=MEMBER,
    images_per_day=locale_str("Images a day; leave it out to go back to the plan"),
    reason=REASON,
    where=WHERE,
)
@app_commands.choices(where=WHERES)
async def set_limit(
    interaction: Interaction,
    member: discord.User,
    reason: Reason,
    images_per_day: app_commands.Range[int, 0, MOST_IMAGES] | None = None,
    where: str | None = None,
) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, user_id=member.id, where=where)
    client, say = interaction.client, speaker_for(interaction)
    if not change.by_operator and images_per_day is not None:
        allowed = await client.store.allowance(person(interaction, member), change.at)
        ceiling = client.config.ceiling(change.guild_id)
        if images_per_day > max(ceiling, allowed.limit, client.config.plans[allowed.plan].images_per_day):
            raise Refusal(
                "You may give at most {ceiling} images a day; the bot's operator can give more.", ceiling=ceiling
            )
    await client.store.quotas.set_limit(change, images_per_day)
    did = _limit_text(say, taken=images_per_day is None, everywhere=change.by_operator)
    await show_member(interaction, member, did)


def _limit_text(say: Speaker, *, taken: bool, everywhere: bool) -> str:
    """What was done to a member's own limit."""
    if taken and everywhere:
        return say("The member's own limit is removed in every server; the plan's limit counts again.")
    if taken:
        return say("The member's own limit is removed in this server; the plan's limit counts again.")
    return say("The limit is set, for every server.") if everywhere else say("The limit is set, for this server.")


@quota_admin.command(name=locale_str("grant"), description=locale_str("Give a member extra images that expire"))
@app_commands.describe(
    member=MEMBER,
    images=locale_str("How many; 0 takes back what is left of earlier grants"),
    days=locale_str("How many days they can be used, 30 if you do not choose"),
    reason=REASON,
    where=WHERE,
)
@app_commands.choices(where=WHERES)
async def grant(
    interaction: Interaction,
    member: discord.User,
    images: app_commands.Range[int, 0, MOST_IMAGES],
    reason: Reason,
    days: app_commands.Range[int, 1, MOST_DAYS] = DAYS,
    where: str | None = None,
) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, user_id=member.id, where=where)
    client, say = interaction.client, speaker_for(interaction)
    ceiling = client.config.ceiling(change.guild_id)
    if not change.by_operator and images > ceiling:
        raise Refusal("You may grant at most {ceiling} images; the bot's operator can grant more.", ceiling=ceiling)
    if images and not change.by_operator:
        allowed = await client.store.allowance(person(interaction, member), change.at)
        if ceiling <= allowed.limit:
            raise Refusal(
                "A grant would be empty: with the day's images it counts up to {ceiling} a day here, and <@{member}> "
                "has as many already. The bot's operator can raise it: admin_ceiling in [servers.{server}] of "
                "config.toml.",
                ceiling=ceiling,
                member=member.id,
                server=interaction.guild_id or 0,
            )
    if images:
        await client.store.quotas.grant(change, images, change.at + timedelta(days=days))
        did = say.plural("{n} image is granted.", "{n} images are granted.", images)
    else:
        await client.store.quotas.end_grants(change)
        did = say("What was left of the grants is taken back.")
    if images and not change.by_operator:
        did += " " + say("Together with the day's images they count up to {ceiling} a day.", ceiling=ceiling)
    await show_member(interaction, member, did)


@quota_admin.command(name=locale_str("reset"), description=locale_str("Reset a member's daily count"))
@app_commands.describe(member=MEMBER, reason=REASON, where=WHERE)
@app_commands.choices(where=WHERES)
async def reset(interaction: Interaction, member: discord.User, reason: Reason, where: str | None = None) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, user_id=member.id, where=where)
    client, say = interaction.client, speaker_for(interaction)
    await client.store.quotas.reset(change)
    did = say("The daily count is reset.")
    if not change.by_operator:
        ceiling = client.config.ceiling(change.guild_id)
        did += " " + say("All resets of a day together give back up to {ceiling} images.", ceiling=ceiling)
    await show_member(interaction, member, did)


@quota_admin.command(name=locale_str("plan"), description=locale_str("Give a plan to a member or a role"))
@app_commands.describe(
    plan=locale_str("Which plan; leave it out to remove the one that was given"),
    member=locale_str("Who gets it"),
    role=locale_str("The role whose members get it, in this server"),
    reason=REASON,
    where=WHERE,
)
@app_commands.choices(where=WHERES)
@app_commands.autocomplete(plan=suggest_plan)
async def give_plan(
    interaction: Interaction,
    reason: Reason,
    plan: str | None = None,
    member: discord.User | None = None,
    role: discord.Role | None = None,
    where: str | None = None,
) -> None:
    await acknowledge(interaction)
    quotas, say = interaction.client.store.quotas, speaker_for(interaction)
    change = authorise_change(
        interaction,
        reason,
        user_id=member.id if member else None,
        role_id=role.id if role else None,
        here=role is not None,
        where=where,
    )
    if (member is None) == (role is None):
        raise Refusal("Name either a member or a role.")
    allowed = plans_to_give(interaction, by_operator=change.by_operator)
    if plan is not None and plan not in allowed:
        raise Refusal(
            "You cannot give the plan {plan} here; you can give {allowed}. The bot's operator says which: plans in "
            "[servers.{server}] of config.toml.",
            plan=plan[:80],
            allowed=", ".join(allowed),
            server=interaction.guild_id or 0,
        )
    if member:
        await quotas.set_plan(change, plan)
        await show_member(interaction, member, say("The plan is given.") if plan else say("The plan is removed."))
        return
    await quotas.set_role_plan(change, plan)
    did = (
        say("Who has the role {role} has the plan {plan} in this server.", role=f"<@&{change.role_id}>", plan=plan)
        if plan
        else say("The role {role} no longer carries a plan.", role=f"<@&{change.role_id}>")
    )
    await interaction.edit_original_response(content=did)


@quota_admin.command(
    name=locale_str("budget"), description=locale_str("Limit what all members of this server make a day together")
)
@app_commands.describe(images_per_day=locale_str("Images a day; leave it out to remove the limit"), reason=REASON)
async def budget(
    interaction: Interaction, reason: Reason, images_per_day: app_commands.Range[int, 0, MOST_IMAGES] | None = None
) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, here=True)
    client, say = interaction.client, speaker_for(interaction)
    await client.store.quotas.set_budget(change, images_per_day)
    allowed = await client.store.allowance(person(interaction, interaction.user), change.at)
    if allowed.server_left is None:
        did = say("This server has no limit.")
    else:
        did = say("All members of this server together have {left} left today.", left=allowed.server_left)
    if not change.by_operator:
        did += " " + say("If the bot's operator set a smaller limit, that one counts.")
    await interaction.edit_original_response(content=did)
