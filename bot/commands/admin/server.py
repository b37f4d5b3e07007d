"""/server: what a server's admins choose for it."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.store import Replies

server = app_commands.Group(
    name=locale_str("server"),
    description=locale_str("Choose how I behave in this server"),
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
)


@server.command(name=locale_str("replies"), description=locale_str("Choose when a reply to a picture makes another"))
@app_commands.describe(when=locale_str("Which replies make a picture"))
@app_commands.choices(
    when=[
        Choice(name=locale_str("clear instructions; in between, I ask"), value=Replies.INSTRUCTIONS.value),
        Choice(name=locale_str("always ask the author first"), value=Replies.ASK.value),
        Choice(name=locale_str("only those that mention me"), value=Replies.MENTIONS.value),
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
