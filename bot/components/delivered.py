"""The buttons under a job's finished pictures."""

import discord
from discord import ButtonStyle

from bot.components.job import JobButton
from bot.components.picture import gallery_buttons, single_view
from bot.messages.costs import Costs, with_cost
from bot.store import JobRow, State
from bot.text.translate import Speaker
from generation import Task

LAST_ROW = 2


def delivered_view(job: JobRow, say: Speaker, costs: Costs) -> discord.ui.View:
    """Several pictures: which one to go on with. One: what to do with it. And the job's own buttons below."""
    made = job.of_state(State.FINISHED)
    view = single_view(job, made[0], say, costs) if len(made) == 1 else discord.ui.View(timeout=None)
    if len(made) > 1:
        for button in gallery_buttons(job, say, costs):
            view.add_item(button)
    if job.request.task is not Task.UPSCALE:
        cost = job.request.count * costs.again
        view.add_item(JobButton("again", job.id, with_cost(say, say("Again"), cost), row=LAST_ROW))
        view.add_item(JobButton("change", job.id, with_cost(say, say("Edit the prompt"), cost), row=LAST_ROW))
    view.add_item(JobButton("details", job.id, say("Details"), row=LAST_ROW))
    view.add_item(JobButton("delete", job.id, say("Delete"), ButtonStyle.danger, LAST_ROW))
    return view
