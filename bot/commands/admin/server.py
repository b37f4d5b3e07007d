"""/server: what a server's admins choose for it."""

from typing import TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.commands.admin.group import MAX_REASON
from bot.components.server_settings import show_server_settings
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.messages.server_settings import REPLY_CHOICES
from bot.store import WHOLE_SERVER, Action, Replies

MAX_ANNOUNCED = 1800  # characters; Discord's limit is 2000, with who says it
Channel: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.Thread

server = app_commands.Group(
    name=locale_str("server"),
    description=locale_str("Choose how I behave in this server"),
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
)


@server.command(name=locale_str("settings"), description=locale_str("See and change what counts in this server"))
@app_commands.describe(channel=locale_str("Only for this channel; leave it out for the whole server"))
async def settings(
    interaction: Interaction,
    channel: discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.Thread | None = None,
) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, here=True)
    await show_server_settings(interaction, change, channel.id if channel else WHOLE_SERVER)


@server.command(name=locale_str("replies"), description=locale_str("Choose when a reply to a picture makes another"))
@app_commands.describe(when=locale_str("Which replies make a picture"))
@app_commands.choices(
    when=[
        Choice(name=locale_str(text), value=reply.value)  # the words of the page
        for reply, text in REPLY_CHOICES.items()
    ]
)
async def replies(interaction: Interaction, when: str) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, here=True)
    await interaction.client.store.key_values.set_replies(change.guild_id or 0, Replies(when))
    say = speaker_for(interaction)
    texts = {
        Replies.INSTRUCTIONS: say("Replies that are clear instructions make a picture; if in doubt, I ask with 🎨."),
        Replies.ASK: say("I ask with 🎨 before a reply makes a picture."),
        Replies.MENTIONS: say("Only replies that mention me make a picture."),
    }
    await interaction.edit_original_response(content=texts[Replies(when)])


@server.command(
    name=locale_str("announce"), description=locale_str("Post news, such as planned maintenance, in a channel")
)
@app_commands.describe(
    text=locale_str("What to say; it pings nobody"), channel=locale_str("Where; leave it out for this channel")
)
async def announce(
    interaction: Interaction, text: app_commands.Range[str, 1, MAX_ANNOUNCED], channel: Channel | None = None
) -> None:
    await acknowledge(interaction)
    change, say = authorise_change(interaction, text[:MAX_REASON], here=True), speaker_for(interaction)
    where = channel or interaction.channel
    if not isinstance(where, Channel):
        raise Refusal("I cannot announce anything in this channel; choose another with channel.")
    if not _may_write(where, where.guild.me):
        raise Refusal("I may not write in {channel}; allow me to view it and to send messages.", channel=where.name)
    if not _may_write(where, interaction.user):
        raise Refusal("You may not write in {channel} yourself.", channel=where.name)
    await where.send(f"📣 {text}\n-# {interaction.user.mention}")
    await interaction.client.store.audit.add(change, Action.ANNOUNCE, str(where.id))
    await interaction.edit_original_response(content=say("It is announced in {channel}.", channel=where.mention))


def _may_write(channel: Channel, member: discord.Member | discord.User) -> bool:
    """Whether a member of the server may write into one of its channels."""
    if not isinstance(member, discord.Member):
        return False
    rights = channel.permissions_for(member)
    thread = isinstance(channel, discord.Thread)
    return rights.view_channel and (rights.send_messages_in_threads if thread else rights.send_messages)
