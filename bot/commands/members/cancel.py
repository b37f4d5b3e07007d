"""/cancel: take back what is not made yet."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.job import TOO_LATE
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for


@app_commands.command(
    name=locale_str("cancel"), description=locale_str("Cancel all your pictures that are not made yet")
)
async def cancel(interaction: Interaction) -> None:
    await acknowledge(interaction)
    client = interaction.client
    jobs = await client.store.jobs.unfinished_of(interaction.user.id)
    count = sum([await client.manager.cancel(job, interaction.user.id) for job in jobs])
    say = speaker_for(interaction)
    if jobs and not count:
        raise Refusal(TOO_LATE)
    if not count:
        await interaction.edit_original_response(content=say("You have no pictures waiting."))
        return
    text = say.plural(
        "{n} picture is cancelled and does not count.", "{n} pictures are cancelled and do not count.", count
    )
    await interaction.edit_original_response(content=text)
