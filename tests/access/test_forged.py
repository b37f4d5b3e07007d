"""Custom ids that were made up: another member's private picture, another server's, a deleted one, none at all."""

import pytest
from discord import Permissions
from discord.utils import utcnow
from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from bot.components import ITEMS
from bot.components.job import ACTIONS as OF_JOBS
from bot.components.message_menu import ACTIONS as OF_MESSAGES
from bot.components.picture import ACTIONS as OF_PICTURES
from bot.store import Change, JobRow
from sandbox.people import Asked

from .rig import Rig

KINDS = ("private", "elsewhere", "hidden", "deleted", "nobody's")
#: who forges; the author of a deleted picture may not use it either
FORGERS = ("otto", "milo", "adam", "eve")
REFUSED = ("is no longer kept", "I cannot see that picture", "There is no picture")


@pytest.fixture(scope="module")
async def targets(rig: Rig) -> dict[str, tuple[JobRow, Message]]:
    """A picture of ana's for each kind; the message is where it stands."""
    world = rig.local.world
    hidden = world.backend.create_channel(world.guild_id, "staff").id
    deny = Overwrite(world.guild_id, OverwriteType.ROLE, deny=Permissions(view_channel=True).value)
    world.backend.set_overwrite(hidden, deny)
    world.backend.add_member(rig.other_guild, rig.members["ana"], announce=True)
    found = {
        "private": await rig.job("ana", world.channel_id, world.guild_id, private=True),
        "elsewhere": await rig.job("ana", rig.other_channel, rig.other_guild),
        "hidden": await rig.job("ana", hidden, world.guild_id),
        "deleted": await rig.job("ana", world.channel_id, world.guild_id),
        "own": await rig.job("otto", world.channel_id, world.guild_id),
    }
    await rig.store.jobs.set_deleted(found["deleted"][0].id, utcnow())
    world.backend.delete_message(world.channel_id, found["deleted"][1].id)
    return found


def forgeries(kind: str, job_id: str, channel_id: int, message_id: int) -> list[tuple[str, list[str] | None]]:
    """Every custom_id that names a job, a picture or a message, with a menu's values."""
    # Where a message is not known to show a picture of ours, these open a modal, which is refused when it is sent.
    modals = {"refine", "edit"} if kind in ("private", "deleted", "nobody's") else set()
    return [
        *((f"job:{action}:{job_id}", None) for action in OF_JOBS),
        *((f"pic:{action}:{job_id}:0", None) for action in OF_PICTURES),
        ("take", [f"{job_id}:0"]),
        *((f"which:{action}:{channel_id}:{message_id}", ["0"]) for action in OF_MESSAGES if action not in modals),
    ]


async def nothing_came_of_it(rig: Rig, asked: Asked, before: tuple[int, int, int]) -> None:
    """A private sentence, and no job, no message, no modal."""
    try:
        await rig.settle(lambda: asked.reply and asked.reply.is_ephemeral and asked.reply.content)
    except TimeoutError:
        raise AssertionError(f"{asked.payload['data']} was not answered") from None
    assert asked.reply
    assert any(words in asked.reply.content for words in REFUSED), asked.reply.content
    assert asked.record.modal is None
    assert seen(rig) == before


def seen(rig: Rig) -> tuple[int, int, int]:
    public = sum(not message.is_ephemeral for message in rig.local.messages())
    return rig.service.asked.total(), len(rig.service.cancelled), public


@pytest.mark.parametrize("kind", KINDS)
async def test_a_forged_button_or_menu_does_nothing(
    rig: Rig, targets: dict[str, tuple[JobRow, Message]], kind: str
) -> None:
    """Whoever presses what he was never shown gets the sentence for what is not kept, and nothing happens."""
    job, shown = targets.get(kind, targets["own"])
    job_id = job.id if kind in targets else "fedcba987654"
    channel = rig.local.world.channel_id
    # A menu on a message names the channel, too; both the true one and the forger's own are tried.
    places = {shown.channel_id, channel}
    message_id = 1 if kind == "nobody's" else shown.id
    for forger in FORGERS if kind != "deleted" else ("ana", "otto"):
        for custom_id, values in {
            custom_id: values for place in places for custom_id, values in forgeries(kind, job_id, place, message_id)
        }.items():
            before = seen(rig)
            asked = rig.forge(forger, channel, targets["own"][1], custom_id, values)
            await nothing_came_of_it(rig, asked, before)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_forged_modal_does_nothing(rig: Rig, targets: dict[str, tuple[JobRow, Message]], kind: str) -> None:
    """A modal is taken only for a picture that its sender may use."""
    job, shown = targets.get(kind, targets["own"])
    job_id = job.id if kind in targets else "fedcba987654"
    forms = [(f"change:{job_id}", {"prompt": "x"})]
    forms += [(f"{verb}:{job_id}:0", {"prompt": "x"}) for verb in ("refine", "compare", "polish", "edit")]
    if kind in ("elsewhere", "hidden", "private", "deleted"):
        forms += [(f"{verb}:{shown.channel_id}:{shown.id}:0", {"prompt": "x"}) for verb in ("refine", "edit")]
    for custom_id, fields in forms:
        before = seen(rig)
        asked = rig.forge_modal("otto", rig.local.world.channel_id, custom_id, fields, targets["own"][1])
        await nothing_came_of_it(rig, asked, before)


async def test_a_message_seen_in_one_channel_cannot_be_reached_from_another(rig: Rig) -> None:
    """What a menu was used on is kept at hand for its own channel alone."""
    world = rig.local.world
    file = world.backend.store_attachments(rig.other_channel, [("secret.png", rig.service._png)])
    message = world.backend.create_message(rig.other_channel, rig.members["eve"], "mine", attachments=file)
    shown = rig.local.people.menu(rig.members["eve"], "Refine", message)
    await rig.settle(lambda: shown.record.modal)
    channel = world.channel_id
    before = seen(rig)
    for custom_id in (f"refine:{channel}:{message.id}:0", f"refine:{rig.other_channel}:{message.id}:0"):
        asked = rig.forge_modal("otto", channel, custom_id, {"prompt": "x"})
        await nothing_came_of_it(rig, asked, before)


@pytest.mark.parametrize(
    "custom_id",
    ["job:explode:000000000001", "pic:explode:000000000001:0", "pic:refine=9.9.9:000000000001:0", "history:99999999999",
     "audit:sideways:1", "job:again:../../../etc", "pic:refine:000000000001:77"],
)  # fmt: skip
def test_what_no_button_says_is_no_button(custom_id: str) -> None:
    """A custom_id of another form is nobody's, so nothing is done with it; an action that there is not is refused."""
    forms = [item.__discord_ui_compiled_template__ for item in ITEMS]  # type: ignore[attr-defined]
    matching = [form for form in forms if form.fullmatch(custom_id)]
    assert not matching or custom_id.startswith("pic:explode")


async def test_another_servers_admin_sees_nothing_of_this_ones_audit(rig: Rig) -> None:
    """A forged page shows the entries of the server in which it is asked for, and is refused to members."""
    world = rig.local.world
    change = Change(actor_id=rig.members["adam"], guild_id=world.guild_id, user_id=1, at=utcnow(), by_operator=False)
    await rig.store.quotas.set_limit(change, 3)
    _, own = await rig.job("eve", rig.other_channel, rig.other_guild)
    asked = rig.forge("eve", rig.other_channel, own, "audit:older:99999")
    await rig.settle(lambda: asked.record.responded)
    assert f"<@{rig.members['adam']}>" not in asked.content
    _, own = await rig.job("otto", world.channel_id, world.guild_id)
    asked = rig.forge("otto", world.channel_id, own, "audit:older:99999")
    await rig.settle(lambda: asked.content)
    assert "Only those who may manage the server" in asked.content
