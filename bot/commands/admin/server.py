"""/server: what a server's admins choose for it."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.components.server import show_server_settings
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.messages.server_settings import REPLY_CHOICES
from bot.store import WHOLE_SERVER, Replies

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
    await interaction.client.store.settings.set_replies(change.guild_id or 0, Replies(when))
    say = speaker_for(interaction)
    texts = {
        Replies.INSTRUCTIONS: say("Replies that are clear instructions make a picture; in between, I ask with 🎨."),
        Replies.ASK: say("I ask with 🎨 before a reply makes a picture."),
        Replies.MENTIONS: say("Only replies that mention me make a picture."),
    }
    await interaction.edit_original_response(content=texts[Replies(when)])
