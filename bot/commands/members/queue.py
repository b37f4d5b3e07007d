"""/queue: what is ahead of me."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.jobs.waiting_time import describe_begun, describe_left, describe_place
from bot.store import State
from bot.text.sanitize import escape_for_discord

MAX_LINES = 10  # jobs listed


@app_commands.command(name=locale_str("queue"), description=locale_str("See where your pictures are in the queue"))
async def queue(interaction: Interaction) -> None:
    await acknowledge(interaction)
    say, service = speaker_for(interaction), interaction.client.service
    lines = [say("Nobody is waiting right now.")]
    if waiting := service.waiting():
        lines = [say.plural("{n} picture waits in all.", "{n} pictures wait in all.", waiting)]
    for job in (await interaction.client.store.jobs.unfinished_of(interaction.user.id))[:MAX_LINES]:
        waits, ids = job.of_state(State.WAITING), [row.id for row in job.pictures]
        # As the request's own message says: it is being made as soon as one of its pictures is.
        if len(waits) < len(ids):
            running = [row.id for row in job.of_state(State.RUNNING)]
            place = f"{describe_begun(say, service, running)} {describe_left(say, service, ids)}".strip()
        else:
            place = describe_place(say, service, ids[0])
        lines.append(f"**{escape_for_discord(job.request.prompt, 80) or job.request.task.value}**: {place}")
    for job in (await interaction.client.store.jobs.undelivered(interaction.user.id))[:MAX_LINES]:
        if job.complete and job.tries:
            title = escape_for_discord(job.request.prompt, 80) or job.request.task.value
            lines.append(f"**{title}**: {say('It is ready, and waits until I can deliver it to you.')}")
    if waiting and len(lines) == 1:
        lines.append(say("None of them is yours."))
    await interaction.edit_original_response(content="\n".join(lines))
