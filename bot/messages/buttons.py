"""Buttons and menus as plain parts of a message: custom_ids and labels, without what happens when they are pressed.

``bot.components`` holds the callbacks, found again by the custom_id, also after a restart.
"""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ButtonStyle

from bot.messages.costs import ENLARGE, Costs, with_cost
from bot.requests.sizes import pixels
from bot.requests.strengths import COMPARED, HIGH, LOW, MEDIUM, POLISH
from bot.store import JobRow, PictureRow, State
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker
from generation import Task

LAST_ROW = 2
MAX_LABEL, MAX_OPTION = 80, 100  # characters that Discord allows
MAX_OPTIONS = 25
ALL_JOBS = "all"  # the value in the menu of what to cancel
MAX_PROMPT_SHOWN = 90  # characters of a prompt in an option


class Buttons(discord.ui.View):
    """A view that is only drawn: discord.py would keep it in memory for ever to wait for a press."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()

    def button(
        self, custom_id: str, label: str, style: ButtonStyle = ButtonStyle.secondary, row: int | None = None
    ) -> None:
        """Add a button; ``row`` is 0 to 4, None the first with room."""
        self.add_item(discord.ui.Button(custom_id=custom_id, label=label[:MAX_LABEL], style=style, row=row))

    def menu(self, custom_id: str, placeholder: str, options: Sequence[discord.SelectOption]) -> None:
        """Add a menu of at most 25 options, which takes a row to itself."""
        select: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=custom_id, placeholder=placeholder, options=list(options)
        )
        self.add_item(select)


def cancel_buttons(job_id: str, say: Speaker) -> Buttons:
    """The buttons of a job that waits or runs."""
    view = Buttons()
    view.button(f"job:cancel:{job_id}", say("Cancel"), ButtonStyle.danger)
    return view


def delivered_buttons(job: JobRow, say: Speaker, costs: Costs) -> Buttons:
    """What is done most with a job's finished pictures, in three rows at a phone's width; the rest is behind “More”."""
    view, made = Buttons(), job.of_state(State.FINISHED)
    if len(made) == 1:
        _add_picture_actions(view, made[0], say, costs)
    elif made:
        _add_choice(view, job, made, say, costs)
    if job.request.task is not Task.UPSCALE:
        cost = job.request.count * costs.again
        view.button(f"job:again:{job.id}", with_cost(say, say("Again"), cost), row=LAST_ROW)
    view.button(f"job:more:{job.id}", say("More"), row=LAST_ROW)
    return view


def posted_buttons(row: PictureRow, say: Speaker, costs: Costs) -> Buttons:
    """The buttons of a message that shows one picture of a job again."""
    view = Buttons()
    _add_picture_actions(view, row, say, costs)
    view.button(f"pic:more:{row.id}", say("More"), row=LAST_ROW)
    view.button(f"pic:remove:{row.id}", say("Remove this message"), row=LAST_ROW)
    return view


def more_buttons(job: JobRow, made: Sequence[PictureRow], say: Speaker, costs: Costs, *, delete: bool) -> Buttons:
    """What else can be done with a job's pictures, or with one of them that was posted again."""
    view = Buttons()
    if len(made) == 1:
        _add_more_actions(view, made[0], say, costs)
    else:
        for row in made if costs.enlarge is not None else ():
            label = say("Enlarge {number}", number=row.place + 1)
            view.button(f"pic:enlarge={ENLARGE}:{row.id}", with_cost(say, label, costs.enlarge or 1), row=0)
        for row in made:
            label = say("Vary {number} with …", number=row.place + 1)
            view.button(f"pic:ask:{row.id}", with_cost(say, label, costs.refine), row=1)
    if job.request.task is not Task.UPSCALE:
        cost = job.request.count * costs.again
        view.button(f"job:change:{job.id}", with_cost(say, say("Edit the prompt"), cost), row=LAST_ROW)
    view.button(f"job:details:{job.id}", say("Details"), row=LAST_ROW)
    if delete:
        view.button(f"job:delete:{job.id}", say("Delete"), ButtonStyle.danger, LAST_ROW)
    return view


def _add_picture_actions(view: Buttons, row: PictureRow, say: Speaker, costs: Costs) -> None:
    """What is done most with a picture that stands by itself."""
    vary = _sized(say, say("Vary"), costs)
    view.button(f"pic:refine={MEDIUM:g}:{row.id}", with_cost(say, vary, costs.refine), ButtonStyle.primary, 0)
    view.button(f"pic:ask:{row.id}", with_cost(say, say("Refine with …"), costs.refine), row=0)
    if costs.enlarge is not None:
        enlarge = with_cost(say, say("Enlarge {factor}×", factor=ENLARGE), costs.enlarge)
        view.button(f"pic:enlarge={ENLARGE}:{row.id}", enlarge, row=0)


def _add_more_actions(view: Buttons, row: PictureRow, say: Speaker, costs: Costs) -> None:
    """What else can be done with a picture that stands by itself."""
    for value, label in ((LOW, say("Refine low: subtle changes")), (HIGH, say("Refine high: major changes"))):
        label = with_cost(say, _sized(say, label, costs), costs.refine)
        view.button(f"pic:refine={value:g}:{row.id}", label, row=0)
    compare = with_cost(say, say("Compare strengths"), len(COMPARED) * costs.refine)
    view.button(f"pic:compare:{row.id}", compare, row=0)
    if costs.polish is not None:
        view.button(f"pic:polish={POLISH:g}:{row.id}", with_cost(say, say("Enlarge and refine"), costs.polish), row=1)
    if costs.edit is not None:
        view.button(f"pic:edit:{row.id}", with_cost(say, say("Edit with words"), costs.edit), row=1)
    view.button(f"pic:origin:{row.id}", say("Origin"), row=1)


def _sized(say: Speaker, label: str, costs: Costs) -> str:
    """The label, with the size that comes out if that is smaller than the picture."""
    if costs.smaller is None:
        return label
    return say("{label} (makes {size})", label=label, size=pixels(*costs.smaller))


def _add_choice(view: Buttons, job: JobRow, made: Sequence[PictureRow], say: Speaker, costs: Costs) -> None:
    """Of several pictures: one row to take one, and, if strengths are not compared, one to vary one."""
    strengths = job.request.strengths
    for row in made:
        label = (
            say("Take {strength}", strength=say.number(strengths[row.place]))
            if strengths
            else say("Take {number}", number=row.place + 1)
        )
        view.button(f"pic:pick:{row.id}", label, ButtonStyle.primary, 0)
    for row in made if not strengths else ():
        vary = with_cost(say, say("Vary {number}", number=row.place + 1), costs.refine)
        view.button(f"pic:refine={MEDIUM:g}:{row.id}", vary, row=1)


def words_button(verb: str, row: PictureRow, label: str) -> Buttons:
    """One button that opens the modal for a picture of which nobody has said what it shows; ``verb`` is its way."""
    view = Buttons()
    view.button(f"words:{verb}:{row.id}", label, ButtonStyle.primary)
    return view


def found_buttons(message_id: int, say: Speaker, *, edit: bool) -> Buttons:
    """What can be done with the pictures of anybody's message."""
    view = Buttons()
    view.button(f"found:refine:{message_id}", say("Refine with …"), ButtonStyle.primary)
    if edit:
        view.button(f"found:edit:{message_id}", say("Edit with words"))
    view.button(f"found:upscale:{message_id}", say("Enlarge {factor}×", factor=ENLARGE))
    view.button(f"found:info:{message_id}", say("Details"))
    return view


def fewer_button(say: Speaker, offer: str, count: int) -> Buttons:
    """One button that makes as many pictures as an offer is for."""
    view = Buttons()
    view.button(f"fewer:{offer}", say.plural("Make {n} instead", "Make {n} instead", count), ButtonStyle.primary)
    return view


def cancel_menu(say: Speaker, jobs: Sequence[tuple[JobRow, str]]) -> Buttons:
    """A menu of jobs, each with its model's title, of which one is cancelled, or all are."""
    view = Buttons()
    options = [discord.SelectOption(label=say("All of them"), value=ALL_JOBS)]
    for job, model in jobs[: MAX_OPTIONS - 1]:
        label = escape_for_discord(job.request.prompt, MAX_PROMPT_SHOWN) or say("enlarged")
        options.append(
            discord.SelectOption(
                label=label[:MAX_OPTION], value=job.id, description=f"{job.request.count} × {model}"[:MAX_OPTION]
            )
        )
    view.menu("cancel", say("What should be cancelled?"), options)
    return view


def queue_menu(say: Speaker, jobs: Sequence[JobRow]) -> Buttons:
    """A menu of members' jobs, numbered from 1, of which a moderator cancels one."""
    view = Buttons()
    options = [
        discord.SelectOption(label=f"{number}. {queued(job)}"[:MAX_OPTION], value=job.id)
        for number, job in enumerate(jobs[:MAX_OPTIONS], 1)
    ]
    view.menu("queued", say("Cancel one of them"), options)
    return view


def queued(job: JobRow) -> str:
    """What a job makes, without its words, which moderators have no need of."""
    return f"{job.request.count} × {job.request.task}, {job.request.model}"


def meant_button(message_id: int, say: Speaker) -> Buttons:
    """One button with which the author of a message says that it was meant for us."""
    view = Buttons()
    view.button(f"meant:{message_id}", say("Make a picture of these words"), ButtonStyle.primary)
    return view


def reply_menu(message_id: int, count: int, say: Speaker) -> Buttons:
    """A menu of the pictures for one of which the words of a message are meant."""
    view = Buttons()
    options = [discord.SelectOption(label=say("Picture {number}", number=n + 1), value=str(n)) for n in range(count)]
    view.menu(f"meant:{message_id}", say("Which picture?"), options[:MAX_OPTIONS])
    return view


def pick_menu(say: Speaker, pictures: Sequence[tuple[JobRow, PictureRow]], first: int = 1) -> Buttons:
    """A menu of pictures of which one is posted again, numbered from ``first``."""
    view = Buttons()
    options = [
        discord.SelectOption(
            label=f"{number}. {escape_for_discord(job.request.prompt, MAX_PROMPT_SHOWN) or say('enlarged')}"[
                :MAX_OPTION
            ],
            value=row.id,
        )
        for number, (job, row) in enumerate(pictures, first)
    ]
    view.menu("take", say("Post one again"), options)
    return view
