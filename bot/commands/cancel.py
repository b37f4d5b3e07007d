"""/cancel: take back what is not made yet."""

from discord import app_commands
from discord.app_commands import locale_str

from ..store import State
from ..text import speaker_for
from .fields import Interaction


@app_commands.command(
    name=locale_str("cancel"), description=locale_str("Cancel all your pictures that are not made yet")
)
async def cancel(interaction: "Interaction") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    client = interaction.client
    jobs = await client.store.jobs.unfinished_of(interaction.user.id)
    for job in jobs:
        await client.flow.cancel(job)
    count = sum(len(job.of_state(State.WAITING, State.RUNNING)) for job in jobs)
    say = speaker_for(interaction)
    if not count:
        await interaction.edit_original_response(content=say("You have no pictures waiting."))
        return
    text = say.plural(
        "{n} picture is cancelled and does not count.", "{n} pictures are cancelled and do not count.", count
    )
    await interaction.edit_original_response(content=text)
