"""/server settings: a page of what a server's admins chose, and the modals that change it."""

import re
from dataclasses import replace

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.components.modals.server_settings import ChannelModal, HowModal, WhereModal, read_optional, read_server_form
from bot.errors import Refusal
from bot.interactions.language import speaker_for
from bot.interactions.permissions import NOT_KEPT, authorise_change
from bot.messages.buttons import Buttons
from bot.messages.server_settings import channel_page, server_page
from bot.store import WHOLE_SERVER, Change, Replies, Store
from bot.text.translate import Speaker

#: which modal, and of which channel; 0 for the whole server
PLACE = re.compile(r"(?P<what>where|how|channel):(?P<channel>\d{1,20})")


class ServerButton(PersistentItem, template=r"server:(?P<what>where|how|channel):(?P<channel>\d{1,20})"):
    """Opens a modal filled in with what counts."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Open it."""
        change, say = authorise_change(interaction, here=True), speaker_for(interaction)
        modal = await _modal(interaction.client.store, say, change, match["what"], int(match["channel"]))
        await interaction.response.send_modal(modal)


async def _modal(
    store: Store, say: Speaker, change: Change, what: str, channel_id: int
) -> WhereModal | HowModal | ChannelModal:
    policy = store.policies.own(change.guild_id, channel_id)
    match what:
        case "where":
            return WhereModal(say, policy)
        case "how":
            replies, budget = await store.key_values.replies(change.guild_id), await store.quotas.budget(change)
            return HowModal(say, policy, replies, budget)
        case _:
            return ChannelModal(say, policy, channel_id)


async def show_server_settings(interaction: Interaction, change: Change, channel_id: int = WHOLE_SERVER) -> None:
    """Fill an acknowledged answer with the page of the server, or of one of its channels."""
    store, say, view = interaction.client.store, speaker_for(interaction), Buttons()
    policy = store.policies.own(change.guild_id, channel_id)
    if channel_id:
        text = channel_page(say, policy, channel_id)
        view.button(f"server:channel:{channel_id}", say("Change"))
    else:
        replies, budget = await store.key_values.replies(change.guild_id), await store.quotas.budget(change)
        text = server_page(say, policy, replies, budget)
        view.button(f"server:where:{WHOLE_SERVER}", say("Where, for whom, which models"))
        view.button(f"server:how:{WHOLE_SERVER}", say("How and how much"))
    await interaction.edit_original_response(content=text, view=view)


async def submit_server(interaction: Interaction, rest: str, filled_in: dict[str, str]) -> None:
    """Change what the modal says, and show the page as it is now. Raises Refusal for what cannot be."""
    if (match := PLACE.fullmatch(rest)) is None:
        raise Refusal(NOT_KEPT)
    await interaction.response.defer()
    change, client = authorise_change(interaction, here=True), interaction.client
    store, channel_id = client.store, int(match["channel"])
    chosen = read_server_form(client.catalogue, filled_in)
    if "images_per_day" in filled_in:
        budget = read_optional("images_per_day", filled_in["images_per_day"])
        if budget != await store.quotas.budget(change):
            await store.quotas.set_budget(change, budget)
    if "replies" in filled_in:
        await store.key_values.set_replies(change.guild_id or 0, Replies(filled_in["replies"]))
    await store.policies.set(change, replace(store.policies.own(change.guild_id, channel_id), **chosen), channel_id)
    await show_server_settings(interaction, change, channel_id)
