"""Who may see and use which picture, and who may change what. Custom ids are never trusted: they only say which row.

A picture is its member's, everywhere. Others may use it where it is shown: in its server, if they see its channel, or
under a message that shows it. Private ones are nobody else's; a deleted one is usable where it was posted alone. All
refusals sound alike, so that nobody learns from them whether a picture exists.
"""

from datetime import UTC, datetime

import discord

from bot.client import Interaction
from bot.errors import Refusal
from bot.requests.requester import roles_of
from bot.store import Change, JobRow, PictureRow

#: where a change counts, if an operator chooses
HERE, EVERYWHERE = "here", "everywhere"
NOT_KEPT = "This picture is no longer kept; make a new one with /txt2img."


def is_operator(interaction: Interaction) -> bool:
    """Whether the member runs this bot."""
    return interaction.user.id in interaction.client.config.discord.operators


def may_manage(interaction: Interaction, job: JobRow) -> bool:
    """Whether the member may cancel or delete this job: its author, a moderator here, or the operator."""
    here = interaction.guild_id is not None and interaction.guild_id == job.guild_id
    return (
        interaction.user.id == job.user_id
        or (here and interaction.permissions.manage_messages)
        or is_operator(interaction)
    )


async def may_see(interaction: Interaction, job: JobRow) -> bool:
    """Whether the member may use the job's pictures."""
    own = interaction.user.id == job.user_id
    if job.private and not own:
        return False
    if not job.deleted and (own or _sees_channel(interaction, job)):
        return True
    # One that was posted by itself outlives the message that it came in. What is behind "More" stands in an answer of
    # its own, so that any message of this channel counts.
    on, jobs = interaction.message, interaction.client.store.jobs
    return on is not None and await jobs.shows(on.id, job.id, interaction.channel_id or 0)


def _sees_channel(interaction: Interaction, job: JobRow) -> bool:
    """Whether the member sees the channel in which the job was made."""
    if interaction.channel_id == job.channel_id:
        return True
    guild = interaction.guild
    if guild is None or guild.id != job.guild_id or not isinstance(interaction.user, discord.Member):
        return False
    channel = guild.get_channel(job.channel_id)
    return channel is not None and channel.permissions_for(interaction.user).read_message_history


async def may_see_in(interaction: Interaction, job: JobRow, message_id: int) -> bool:
    """Whether the member may use the job's pictures, which the message shows, if it stands in this channel."""
    if await may_see(interaction, job):
        return True
    uploads = interaction.client.uploads
    return not job.private and await uploads.stands(interaction.channel_id or 0, message_id)


async def usable_job(interaction: Interaction, job_id: str) -> JobRow:
    """The job of a custom id. Raises Refusal if there is none for this member."""
    job = await interaction.client.store.jobs.get(job_id)
    if job is None or not await may_see(interaction, job):
        raise Refusal("This request is no longer kept; make a new one with /txt2img.")
    return job


async def usable_picture(interaction: Interaction, picture_id: str) -> tuple[JobRow, PictureRow]:
    """The finished picture of a custom id. Raises Refusal if there is none for this member."""
    found = await interaction.client.store.jobs.picture(picture_id)
    if found is None or not await may_see(interaction, found[0]):
        raise Refusal(NOT_KEPT)
    return found


async def authorise_moderation(
    interaction: Interaction, reason: str = "", *, user_id: int | None = None, where: str | None = None
) -> Change:
    """Who moderates whom: the operator everywhere, admins and moderators in their server.

    Moderators have the role that the admins named with /server moderators; if none is named, those whom Discord lets
    moderate members. Raises Refusal for everybody else.
    """
    try:
        return authorise_change(interaction, reason, user_id=user_id, where=where)
    except Refusal:
        if where == EVERYWHERE:
            raise
        if not (interaction.is_guild_integration() and await _moderates(interaction)):
            raise Refusal("Only this server's moderators can use this command.") from None
    return Change(
        actor_id=interaction.user.id,
        guild_id=interaction.guild_id,
        user_id=user_id,
        reason=reason,
        at=datetime.now(UTC),
        by_operator=False,
    )


async def _moderates(interaction: Interaction) -> bool:
    role = await interaction.client.store.key_values.moderators(interaction.guild_id)
    return interaction.permissions.moderate_members if role is None else role in roles_of(interaction.user)


def authorise_change(
    interaction: Interaction,
    reason: str = "",
    *,
    user_id: int | None = None,
    role_id: int | None = None,
    here: bool = False,
    where: str | None = None,
) -> Change:
    """Who changes what: the operator for everywhere (only for this server if ``here``), an admin for their server.

    With ``where`` HERE an operator changes as an admin of this server does, within the same ceiling.

    Raises Refusal for everybody else: the command's default permissions may have been loosened by the server.
    """
    operator = is_operator(interaction)
    # If the app is not in the server, nobody's rights there say anything about it.
    if not interaction.is_guild_integration() or not (operator or interaction.permissions.manage_guild):
        raise Refusal("Only those who may manage the server can use this command.")
    if where == EVERYWHERE and not operator:
        raise Refusal("Only the bot's operator can change that in every server.")
    by_operator = operator and where != HERE
    return Change(
        actor_id=interaction.user.id,
        guild_id=interaction.guild_id if here or not by_operator else None,
        user_id=user_id,
        role_id=role_id,
        reason=reason,
        at=datetime.now(UTC),
        by_operator=by_operator,
    )
