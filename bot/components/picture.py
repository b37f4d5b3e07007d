"""The buttons of one picture: take it on alone, refine it, compare strengths, enlarge it, see where it comes from."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import ButtonStyle

from bot.components.job import JOB_ID, JobButton
from bot.components.lineage import lineage
from bot.components.modals.edit import EditModal
from bot.components.modals.refine import COMPARED, WAYS, RefineModal
from bot.components.pick import pick_view, show_alone
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge_like
from bot.interactions.errors import answering
from bot.interactions.permissions import NOT_KEPT, may_manage, usable_picture
from bot.messages.costs import Costs, with_cost
from bot.moderation.admission import Admitting
from bot.requests.builder import MEDIUM, Options, editor, refine_request, upscale_request
from bot.store import JobRow, PictureRow, State
from bot.text.translate import Speaker, speaker_for

if TYPE_CHECKING:
    from bot.client import Criar

LOW, HIGH = 0.25, 0.8
POLISH = 0.3  # strength after enlarging: new detail, the same picture
ENLARGE = 4
SHOWN = 80  # characters of a label


class PictureButton(
    Admitting,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"pic:(?P<action>[a-z]+)(?:=(?P<value>\d(?:\.\d{{1,3}})?))?:(?P<job>{JOB_ID}):(?P<place>\d)",
):
    """A button that does something with one picture; ``value`` is a strength or a factor."""

    def __init__(
        self,
        action: str,
        picture_id: str,
        label: str = "",
        value: float | None = None,
        *,
        row: int | None = None,
        main: bool = False,
    ) -> None:
        self.action, self.picture_id, self.value = action, picture_id, value
        suffix = "" if value is None else f"={value:g}"
        super().__init__(
            discord.ui.Button(
                label=(label or action)[:SHOWN],
                style=ButtonStyle.primary if main else ButtonStyle.secondary,
                custom_id=f"pic:{action}{suffix}:{picture_id}",
                row=row,
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PictureButton":
        value = float(match["value"]) if match["value"] else None
        return cls(match["action"], f"{match['job']}:{match['place']}", value=value)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            job, row = await usable_picture(interaction, self.picture_id)
            if self.action not in ACTIONS:
                raise Refusal(NOT_KEPT)
            await ACTIONS[self.action](interaction, job, row, self.value or MEDIUM)


def single_view(job: JobRow, row: PictureRow, say: Speaker, costs: Costs) -> discord.ui.View:
    """What can be done with a picture that stands alone."""
    view = discord.ui.View(timeout=None)
    for value, label in (
        (LOW, say("Refine low: subtle changes")),
        (MEDIUM, say("Refine medium: noticeable changes")),
        (HIGH, say("Refine high: major changes")),
    ):
        priced_label = with_cost(say, label, costs.refine)
        view.add_item(PictureButton("refine", row.id, priced_label, value, row=0, main=value == MEDIUM))
    view.add_item(PictureButton("ask", row.id, with_cost(say, say("Refine with …"), costs.refine), row=0))
    if costs.edit is not None:
        view.add_item(PictureButton("edit", row.id, with_cost(say, say("Edit with words"), costs.edit), row=0))
    compare = with_cost(say, say("Compare strengths"), len(COMPARED) * costs.refine)
    view.add_item(PictureButton("compare", row.id, compare, row=1))
    enlarge = with_cost(say, say("Enlarge {factor}×", factor=ENLARGE), costs.enlarge)
    view.add_item(PictureButton("enlarge", row.id, enlarge, ENLARGE, row=1))
    polish = with_cost(say, say("Enlarge and refine"), costs.refine)
    view.add_item(PictureButton("polish", row.id, polish, POLISH, row=1))
    view.add_item(PictureButton("origin", row.id, say("Origin"), row=1))
    return view


def posted_view(job: JobRow, row: PictureRow, say: Speaker, costs: Costs) -> discord.ui.View:
    """The buttons of a message that shows one picture of a job again."""
    view = single_view(job, row, say, costs)
    view.add_item(JobButton("details", job.id, say("Details"), row=2))
    view.add_item(PictureButton("remove", row.id, say("Remove this message"), row=2))
    return view


def gallery_buttons(job: JobRow, say: Speaker, costs: Costs) -> list[discord.ui.Item[Any]]:
    """Of several pictures: one row to take one on, one to vary one."""
    made = job.of_state(State.FINISHED)
    if job.request.strengths:
        return [
            PictureButton(
                "pick",
                row.id,
                say("Take {strength}", strength=f"{job.request.strengths[row.place]:g}"),
                row=0,
                main=True,
            )
            for row in made
        ]
    picks: list[discord.ui.Item[Any]] = [
        PictureButton("pick", row.id, say("Take {number}", number=row.place + 1), row=0, main=True) for row in made
    ]
    return picks + [
        PictureButton(
            "refine", row.id, with_cost(say, say("Vary {number}", number=row.place + 1), costs.refine), MEDIUM, row=1
        )
        for row in made
    ]


async def _pick(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, _: float) -> None:
    await show_alone(interaction, job, row)


async def _refine(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, strength: float) -> None:
    await _submit_refined(interaction, job, row, "refine", strength)


async def _compare(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, _: float) -> None:
    await _submit_refined(interaction, job, row, "compare", None)


async def _polish(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, strength: float) -> None:
    await _submit_refined(interaction, job, row, "polish", strength)


async def _submit_refined(
    interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, verb: str, strength: float | None
) -> None:
    client = interaction.client
    style = await client.library.style_of(job)
    if not style.prompt:
        # An upload that was only enlarged: nobody has said yet what it shows.
        modal = RefineModal(f"{verb}:{row.id}", speaker_for(interaction), client.catalogue, strength=strength)
        await interaction.response.send_modal(modal)
        return
    requester = await acknowledge_like(interaction, job)
    source = await client.library.take_up(job, row)
    built = refine_request(client.catalogue, style, source, Options(strength=strength), **WAYS[verb])
    await client.manager.submit(requester, built)


async def _ask(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, _: float) -> None:
    client = interaction.client
    style = await client.library.style_of(job)
    modal = RefineModal(f"refine:{row.id}", speaker_for(interaction), client.catalogue, style)
    await interaction.response.send_modal(modal)


async def _edit(interaction: "discord.Interaction[Criar]", _: JobRow, row: PictureRow, __: float) -> None:
    editor(interaction.client.catalogue)
    await interaction.response.send_modal(EditModal(row.id, speaker_for(interaction)))


async def _enlarge(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, factor: float) -> None:
    requester = await acknowledge_like(interaction, job)
    client = interaction.client
    source = await client.library.take_up(job, row)
    await client.manager.submit(requester, upscale_request(client.catalogue, source, int(factor)))


async def _origin(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, _: float) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    say = speaker_for(interaction)
    shown = await lineage(interaction, say, job, row)
    view = pick_view(say, [(step.job, step.row) for step in shown.steps])
    await interaction.edit_original_response(content=shown.text, attachments=[shown.file], view=view)


async def _remove(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow, _: float) -> None:
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can delete them.")
    await interaction.response.defer()
    if interaction.message:
        await interaction.client.store.jobs.forget_post(interaction.message.id)
    await interaction.delete_original_response()


ACTIONS: dict[str, Callable[["discord.Interaction[Criar]", JobRow, PictureRow, float], Awaitable[None]]] = {
    "pick": _pick,
    "refine": _refine,
    "compare": _compare,
    "polish": _polish,
    "ask": _ask,
    "edit": _edit,
    "enlarge": _enlarge,
    "origin": _origin,
    "remove": _remove,
}
