"""The buttons of one picture: take it, refine it, compare strengths, enlarge it, see where it comes from."""

import re
from collections.abc import Awaitable, Callable

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.components.job import JOB_ID, show_more
from bot.components.lineage import lineage
from bot.components.modals.edit import EditModal
from bot.components.modals.refine import WAYS, RefineModal
from bot.components.pick import show_alone
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.interactions.language import speaker_for
from bot.interactions.permissions import NOT_KEPT, may_manage, usable_picture
from bot.messages.buttons import pick_menu, words_button
from bot.requests.builder import Options, refine_request, upscale_request
from bot.requests.offered_models import editor
from bot.requests.strengths import MEDIUM

PICTURE_ID = rf"{JOB_ID}:\d"


class PictureButton(
    PersistentItem,
    template=rf"pic:(?P<action>[a-z]+)(?:=(?P<value>\d(?:\.\d{{1,3}})?))?:(?P<picture>{PICTURE_ID})",
):
    """Does something with one picture; the value is a strength or a factor."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Carry out the action. Raises Refusal if there is none of that name, as in a custom_id that was made up."""
        if match["action"] not in ACTIONS:
            raise Refusal(NOT_KEPT)
        await ACTIONS[match["action"]](interaction, match["picture"], float(match["value"] or MEDIUM))


class WordsButton(PersistentItem, template=rf"words:(?P<verb>{'|'.join(WAYS)}):(?P<picture>{PICTURE_ID})"):
    """Asks what a picture shows of which nobody has said it, and goes on with it."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Open the modal."""
        say, catalogue = speaker_for(interaction), interaction.client.catalogue
        strength = None if match["verb"] == "compare" else MEDIUM
        modal = RefineModal(f"{match['verb']}:{match['picture']}", say, catalogue, strength=strength)
        await interaction.response.send_modal(modal)


async def _pick(interaction: Interaction, picture_id: str, _: float) -> None:
    await interaction.response.defer()
    await show_alone(interaction, *await usable_picture(interaction, picture_id))


async def _refine(interaction: Interaction, picture_id: str, strength: float) -> None:
    await _submit_refined(interaction, picture_id, "refine", strength)


async def _compare(interaction: Interaction, picture_id: str, _: float) -> None:
    await _submit_refined(interaction, picture_id, "compare", None)


async def _polish(interaction: Interaction, picture_id: str, strength: float) -> None:
    await _submit_refined(interaction, picture_id, "polish", strength)


async def _submit_refined(interaction: Interaction, picture_id: str, verb: str, strength: float | None) -> None:
    await acknowledge(interaction)
    client, say = interaction.client, speaker_for(interaction)
    job, row = await usable_picture(interaction, picture_id)
    style = await client.library.style_of(job)
    if not style.prompt:
        # An upload that was only enlarged: nobody has said yet what it shows.
        view = words_button(verb, row, say("Refine with …"))
        await interaction.edit_original_response(content=say("First say what the picture shows."), view=view)
        return
    requester = await requester_of(interaction, like=job)
    source = await client.library.take_up(job, row)
    built = refine_request(client.catalogue, style, source, Options(strength=strength), **WAYS[verb])
    await client.manager.submit(requester, built)


async def _ask(interaction: Interaction, picture_id: str, _: float) -> None:
    # The modal shows the picture's words and must be the first answer, so they are read before.
    client = interaction.client
    job, row = await usable_picture(interaction, picture_id)
    style = await client.library.style_of(job)
    modal = RefineModal(f"refine:{row.id}", speaker_for(interaction), client.catalogue, style)
    await interaction.response.send_modal(modal)


async def _edit(interaction: Interaction, picture_id: str, _: float) -> None:
    editor(interaction.client.catalogue)
    await interaction.response.send_modal(EditModal(picture_id, speaker_for(interaction)))


async def _enlarge(interaction: Interaction, picture_id: str, factor: float) -> None:
    await acknowledge(interaction)
    client = interaction.client
    job, row = await usable_picture(interaction, picture_id)
    requester = await requester_of(interaction, like=job)
    source = await client.library.take_up(job, row)
    await client.manager.submit(
        requester, upscale_request(client.catalogue, source, int(factor), await client.library.words_of(job))
    )


async def _origin(interaction: Interaction, picture_id: str, _: float) -> None:
    await acknowledge(interaction)
    say = speaker_for(interaction)
    job, row = await usable_picture(interaction, picture_id)
    shown = await lineage(interaction, say, job, row)
    view = pick_menu(say, [(step.job, step.row) for step in shown.steps])
    await interaction.edit_original_response(content=shown.text, attachments=[shown.file], view=view)


async def _more(interaction: Interaction, picture_id: str, _: float) -> None:
    await acknowledge(interaction)
    job, row = await usable_picture(interaction, picture_id)
    await show_more(interaction, job, [row], delete=False)


async def _remove(interaction: Interaction, picture_id: str, _: float) -> None:
    await interaction.response.defer()
    job, _row = await usable_picture(interaction, picture_id)
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can delete them.")
    if interaction.message:
        await interaction.client.store.jobs.forget_post(interaction.message.id)
    await interaction.delete_original_response()


ACTIONS: dict[str, Callable[[Interaction, str, float], Awaitable[None]]] = {
    "pick": _pick,
    "refine": _refine,
    "compare": _compare,
    "polish": _polish,
    "ask": _ask,
    "edit": _edit,
    "enlarge": _enlarge,
    "origin": _origin,
    "remove": _remove,
    "more": _more,
}
