"""``python -m bot quota …``: what the operator sees and changes, everywhere, also while the bot runs."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.errors import ConfigFile, settings, with_store
from bot.config.schema import MOST_IMAGES
from bot.messages.usage_report import since, usage_report
from bot.quota import Person
from bot.store import COMMAND_LINE, Action, Ban, Change, Entry, Only, Store
from bot.text.translate import speaker

quota = typer.Typer(no_args_is_help=True, help="See and change what members may make, everywhere.")

User = Annotated[int, typer.Argument(help="The member's id: Discord > Advanced > Developer Mode, then Copy User ID")]
Plan = Annotated[str, typer.Argument(help="A plan of the configuration; without it, the given one is taken away")]
Server = Annotated[int, typer.Option("--server", "-s", help="The server's id")]
AnyServer = Annotated[int | None, typer.Option("--server", "-s", help="The server's id; without it, all servers")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it is written into the audit log")]
Images = Annotated[int, typer.Argument(min=0, max=MOST_IMAGES)]


@quota.command("show")
def show(user: User, server: AnyServer = None, config: ConfigFile = None) -> None:
    """What the member used today. Plans that their roles carry are known only while they use the bot."""
    with_store(config, lambda store: _show(store, user, server))


@quota.command("set")
def set_limit(user: User, images_per_day: Images, reason: Reason, config: ConfigFile = None) -> None:
    """Set how many images the member may make a day."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(change, images_per_day)))


@quota.command("unset")
def unset_limit(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Take the member's own limit away; the plan's counts again."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(change, None)))


@quota.command("grant")
def grant(
    user: User,
    images: Images,
    reason: Reason,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long they can be used")] = 30,
    config: ConfigFile = None,
) -> None:
    """Give the member images once; 0 takes back what is left of earlier grants."""
    change = _change(reason, user=user)

    def given(store: Store) -> Coroutine[Any, Any, None]:
        quotas = store.quotas
        return quotas.grant(change, images, change.at + timedelta(days=days)) if images else quotas.end_grants(change)

    with_store(config, lambda store: _then_show(store, user, given(store)))


@quota.command("reset")
def reset(user: User, reason: Reason, config: ConfigFile = None) -> None:
    """Reset the member's daily count."""
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.reset(change)))


@quota.command("plan")
def give_plan(
    user: User,
    reason: Reason,
    plan: Plan = "",
    config: ConfigFile = None,
) -> None:
    """Give the member a plan."""
    _check_plan(config, plan)
    change = _change(reason, user=user)
    with_store(config, lambda store: _then_show(store, user, store.quotas.set_plan(change, plan or None)))


@quota.command("role-plan")
def give_role_plan(
    role: Annotated[int, typer.Argument(help="The role's id")],
    server: Server,
    reason: Reason,
    plan: Plan = "",
    config: ConfigFile = None,
) -> None:
    """Give a plan to those who have a role, in its server."""
    _check_plan(config, plan)
    change = _change(reason, role=role, server=server)
    with_store(config, lambda store: store.quotas.set_role_plan(change, plan or None))
    given = f"have the plan {plan} now" if plan else "have no plan by that role any longer"
    typer.echo(f"Those with the role {role} in server {server} {given}")


@quota.command("budget")
def budget(
    server: Annotated[int, typer.Argument(help="The server's id")],
    reason: Reason,
    images_per_day: Annotated[int | None, typer.Argument(min=0, max=MOST_IMAGES)] = None,
    config: ConfigFile = None,
) -> None:
    """Limit what all members of a server make there a day; without a number the configuration's limit counts."""
    change = _change(reason, server=server)
    with_store(config, lambda store: store.quotas.set_budget(change, images_per_day))
    said = "the configuration's limit" if images_per_day is None else f"at most {images_per_day} images"
    typer.echo(f"All members of server {server} together make {said} a day")


@quota.command("ban")
def ban(
    user: User,
    reason: Reason,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long; without it, until it is lifted")] = None,
    server: AnyServer = None,
    config: ConfigFile = None,
) -> None:
    """Keep the member from using the bot, in one server or in all."""
    change = _change(reason, user=user, server=server)
    ends_at = change.at + timedelta(days=days) if days else None

    async def carry_out(store: Store) -> None:
        cancelled = await store.bans.ban(change, ends_at)
        until = f" until {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else ""
        where = f" in server {server}" if server else ""
        count = len(cancelled)
        typer.echo(f"{user} may not use the bot{where}{until}; {count} pictures that they had waiting are cancelled")

    with_store(config, carry_out)


@quota.command("unban")
def unban(user: User, reason: Reason, server: AnyServer = None, config: ConfigFile = None) -> None:
    """Let the member use the bot again, in one server or in all."""
    where = f"in server {server}" if server else "everywhere"

    async def lift(store: Store) -> None:
        lifted = await store.bans.unban(_change(reason, user=user, server=server))
        typer.echo(f"{user} may use the bot again" if lifted else f"{user} is not banned {where}")

    with_store(config, lift)


@quota.command("bans")
def bans(server: AnyServer = None, config: ConfigFile = None) -> None:
    """Who may not use the bot, the newest first."""

    async def show_all(store: Store) -> None:
        found = store.bans.all(server)
        for ban in found:
            typer.echo(f"{ban.user_id}: {_banned(ban)}")
        if not found:
            typer.echo("Nobody is banned.")

    with_store(config, show_all)


@quota.command("report")
def report(
    server: AnyServer = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days, today among them")] = 7,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this PNG file, too")] = None,
    config: ConfigFile = None,
) -> None:
    """Who used what, as comma-separated values."""
    zone = settings(config).zone

    async def print_report(store: Store) -> None:
        first = since(datetime.now(UTC), days, zone)
        used, by_day = await store.usages.report(server, first), await store.usages.by_day(server, first)
        shown = await usage_report(speaker("en-US"), used, by_day, first, names={})
        typer.echo(shown.csv.decode(), nl=False)
        if picture:
            await asyncio.to_thread(picture.write_bytes, shown.png)

    with_store(config, print_report)


@quota.command("audit")
def audit(
    server: AnyServer = None,
    user: Annotated[int | None, typer.Option(help="Only what is about or by this member, by user id")] = None,
    kind: Annotated[Action | None, typer.Option(help="Only changes of this kind")] = None,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries, the newest")] = 50,
    config: ConfigFile = None,
) -> None:
    """Who changed what and why, the newest first."""

    async def print_audit(store: Store) -> None:
        found = await store.audit.page(server, None, most, Only(user or 0, kind or ""))
        for entry in found:
            typer.echo(_line(entry))
        if not found:
            typer.echo("Nothing was changed.")

    with_store(config, print_audit)


def _banned(ban: Ban) -> str:
    """A ban as plain text, with ids."""
    where = "everywhere" if not ban.guild_id else f"in server {ban.guild_id}"
    until = f" until {ban.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if ban.ends_at else ""
    by = f" by {ban.actor_id}" if ban.actor_id else ""
    reason = f": {ban.reason}" if ban.reason else ""
    return f"banned {where} since {ban.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{until}{by}{reason}"


def _line(entry: Entry) -> str:
    """An entry as one line of plain text, with ids."""
    actor = "command-line" if entry.actor_id == COMMAND_LINE else str(entry.actor_id)
    where = "everywhere" if entry.guild_id is None else f"server {entry.guild_id}"
    whom = f"role {entry.role_id}" if entry.role_id else f"member {entry.user_id}" if entry.user_id else ""
    parts = [f"{entry.at:%Y-%m-%d %H:%M}", actor, entry.action, entry.detail, whom, where, entry.reason]
    return "  ".join(part for part in parts if part)


def _change(reason: str, *, user: int | None = None, role: int | None = None, server: int | None = None) -> Change:
    return Change(
        actor_id=COMMAND_LINE,
        guild_id=server,
        user_id=user,
        role_id=role,
        reason=reason,
        at=datetime.now(UTC),
        by_operator=True,
    )


def _check_plan(config: Path | None, plan: str) -> None:
    plans = settings(config).plans
    if plan and plan not in plans:
        raise typer.BadParameter(f"there is no plan {plan}; the configuration has {', '.join(plans)}")


async def _show(store: Store, user: int, server: int | None = None) -> None:
    allowed = await store.allowance(Person(user_id=user, guild_id=server), datetime.now(UTC))
    granted = f", {allowed.granted} granted" if allowed.granted else ""
    typer.echo(
        f"{user}: {allowed.used} of {allowed.limit} images used today, {allowed.left} left{granted} "
        f"(plan {allowed.plan})"
    )
    if ban := store.bans.of(user, server):
        typer.echo(f"{user}: {_banned(ban)}")


async def _then_show(store: Store, user: int, change: Coroutine[Any, Any, None]) -> None:
    await change
    await _show(store, user)
