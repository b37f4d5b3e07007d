"""/cancel: take back what is not made yet."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.job import cancel_own
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.messages.buttons import cancel_menu


@app_commands.command(name=locale_str("cancel"), description=locale_str("Cancel your pictures that are not made yet"))
async def cancel(interaction: Interaction) -> None:
    await acknowledge(interaction)
    client, say = interaction.client, speaker_for(interaction)
    jobs = await client.store.jobs.unfinished_of(interaction.user.id)
    if len(jobs) > 1:
        view = cancel_menu(say, [(job, client.catalogue.title(job.request.model)) for job in jobs])
        await interaction.edit_original_response(content=say("Several of your requests are not made yet."), view=view)
    elif jobs:
        await cancel_own(interaction, jobs)
    else:
        await interaction.edit_original_response(content=say("You have no pictures waiting."))
