"""/privacy: what is kept about oneself, all of it as files, and its deletion."""

import io

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.privacy import delete_data_view
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for

privacy = app_commands.Group(
    name=locale_str("privacy"), description=locale_str("What I keep about you, and how to get or delete it")
)


@privacy.command(name=locale_str("show"), description=locale_str("See what I keep about you, and for how long"))
async def show(interaction: Interaction) -> None:
    say, config = speaker_for(interaction), interaction.client.config
    lines = [
        say("**What I keep about you**"),
        say("Requests: words, settings, when and where, for {days} days.", days=config.storage.keep_requests_days),
        say(
            "Pictures that you made or sent: for {days} days on my disk. Those that I posted stay in Discord until you "
            "delete them.",
            days=config.storage.keep_days,
        ),
        say("Your settings and styles: until you delete them."),
        say(
            "Prompts that were refused by a rule: for {days} days. Limits, bans and the log of who changed them: as "
            "long as the admins need them, the log for {log_days} days.",
            days=config.rules.keep_strikes_days,
            log_days=config.storage.keep_requests_days,
        ),
        say("I send nothing of it to anybody but Discord."),
        say("`/privacy export` gives you all of it. `/privacy delete` deletes it at once and for good."),
    ]
    await interaction.response.send_message("\n- ".join(lines[:-2]) + "\n" + "\n".join(lines[-2:]), ephemeral=True)


@privacy.command(name=locale_str("export"), description=locale_str("Get all that I keep about you, as files"))
async def export(interaction: Interaction) -> None:
    await acknowledge(interaction)
    client, say = interaction.client, speaker_for(interaction)
    number = 0
    async for data in client.library.export(interaction.user.id, interaction.filesize_limit):
        number += 1
        file = discord.File(io.BytesIO(data), f"criar-{number}.zip")
        await interaction.followup.send(say("Part {number}", number=number), file=file, ephemeral=True)
    await interaction.followup.send(
        say("That is all: data.json in the first part has every row, the folders have the pictures."), ephemeral=True
    )


@privacy.command(name=locale_str("delete"), description=locale_str("Delete all that I keep about you, for good"))
async def delete(interaction: Interaction) -> None:
    say = speaker_for(interaction)
    await interaction.response.send_message(
        say(
            "This deletes your requests, pictures, settings and styles at once and for good, and then removes "
            "my messages with your pictures. What is being made will not be finished. What stays: how many "
            "images you used today, until the day ends; strikes, without your words, until they lapse; limits, "
            "bans and their log."
        ),
        view=delete_data_view(say),
        ephemeral=True,
    )
