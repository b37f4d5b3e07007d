"""Nothing is read from the database before an interaction is acknowledged: Discord waits three seconds for that."""

import asyncio
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, TypeVar

import pytest
from simcord.backend.models import Message
from sqlite_utils import Database as Tables

from bot.store import JobRow
from sandbox.people import Asked

from .rig import Rig, png

T = TypeVar("T")

COMMANDS: dict[str, dict[str, Any]] = {
    "txt2img": {"prompt": "a cat"},
    "img2img": {"prompt": "a cat", "image": ("a.png", png())},
    "inpaint": {"prompt": "a cat", "image": ("a.png", png()), "mask": ("b.png", png("white"))},
    "edit": {"instruction": "make it red", "image": ("a.png", png())},
    "upscale": {"image": ("a.png", png())},
    "history": {},
    "settings": {},
    "style list": {},
    "quota": {},
    "queue": {},
    "cancel": {},
    "models": {},
    "model": {"name": "criar-embedded"},
    "help": {},
    "prompt": {},
    "privacy show": {},
    "privacy export": {},
    "privacy delete": {},
}
ADMIN_COMMANDS: dict[str, dict[str, Any]] = {
    "quota-admin report": {},
    "quota-admin audit": {},
    "rules words": {},
    "rules strikes": {},
}
#: those that open a modal with the picture's own words are missing: it shows what is stored, and must come first
BUTTONS = (
    "job:again:{job}", "job:details:{job}", "job:cancel:{job}", "job:delete:{job}", "pic:pick:{job}:0",
    "pic:refine=0.5:{job}:0", "pic:compare:{job}:0", "pic:polish=0.3:{job}:0", "pic:edit:{job}:0",
    "pic:enlarge=4:{job}:0", "pic:origin:{job}:0", "pic:remove:{job}:0", "words:refine:{job}:0", "history:0",
    "models:0:", "help:prompt", "privacy:forget",
)  # fmt: skip
#: how discord.py names the tasks that answer interactions
HANDLERS = ("CommandTree-invoker", "discord-ui-", "discord.py: on_interaction")
MENUS = {"take": "{job}:0", "model": "criar-embedded"}


@pytest.fixture
def reads(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """When the database was asked for something by whoever answers interactions."""
    database, found = rig.store._database, list[float]()

    def watched(work: Callable[..., Any]) -> Callable[..., Any]:
        async def watch(query: Callable[[Tables], T]) -> T:
            task = asyncio.current_task()
            if task and task.get_name().startswith(HANDLERS):
                found.append(perf_counter())
            result: T = await work(query)
            return result

        return watch

    monkeypatch.setattr(database, "read", watched(database.read))
    monkeypatch.setattr(database, "write", watched(database.write))
    yield found


async def acknowledged_first(rig: Rig, asked: Asked, reads: list[float]) -> bool:
    """Whether the interaction was acknowledged before the first look at the database, if there was any."""
    await rig.local.acknowledged(asked)
    await rig.settle(lambda: not asked.loading)
    assert asked.acknowledged_at is not None
    return not reads or asked.acknowledged_at < min(reads)


@pytest.mark.parametrize("path", [*COMMANDS, *ADMIN_COMMANDS])
async def test_a_command_is_acknowledged_before_the_database_is_read(rig: Rig, reads: list[float], path: str) -> None:
    """Also where it needs preferences, limits or rights."""
    who = "adam" if path in ADMIN_COMMANDS else "ana"
    options = (COMMANDS | ADMIN_COMMANDS)[path]
    asked = rig.slash(rig.members[who], rig.local.world.channel_id, path, options)
    assert await acknowledged_first(rig, asked, reads)


@pytest.fixture
async def picture(rig: Rig) -> tuple[JobRow, Message]:
    return await rig.job("ana", rig.local.world.channel_id, rig.local.world.guild_id)


@pytest.mark.parametrize("custom_id", [*BUTTONS, *MENUS])
async def test_a_button_is_acknowledged_before_the_database_is_read(
    rig: Rig, picture: tuple[JobRow, Message], reads: list[float], custom_id: str
) -> None:
    """Pressing says at once that it was heard, and looks up afterwards what it belongs to."""
    job, message = picture
    values = [MENUS[custom_id].format(job=job.id)] if custom_id in MENUS else None
    asked = rig.forge("ana", message.channel_id, message, custom_id.format(job=job.id), values)
    assert await acknowledged_first(rig, asked, reads)


@pytest.mark.parametrize("verb", ["change", "refine", "compare", "polish", "edit", "helped"])
async def test_a_modal_is_acknowledged_before_the_database_is_read(
    rig: Rig, picture: tuple[JobRow, Message], reads: list[float], verb: str
) -> None:
    """Sending a form says at once that it was heard."""
    job, message = picture
    rest = {"change": job.id, "helped": "criar-embedded"}.get(verb, f"{job.id}:0")
    fields = {"subject": "a cat"} if verb == "helped" else {"prompt": "a cat"}
    asked = rig.forge_modal("ana", message.channel_id, f"{verb}:{rest}", fields, message)
    assert await acknowledged_first(rig, asked, reads)


@pytest.mark.parametrize("menu", ["Upscale", "Picture info"])
async def test_a_menu_is_acknowledged_before_the_database_is_read(
    rig: Rig, picture: tuple[JobRow, Message], reads: list[float], menu: str
) -> None:
    """Choosing Apps > … on a message says at once that it was heard."""
    asked = rig.local.people.menu(rig.members["ana"], menu, picture[1])
    assert await acknowledged_first(rig, asked, reads)


async def test_a_look_before_the_acknowledgement_would_be_seen(rig: Rig, reads: list[float]) -> None:
    """A modal that shows what is stored reads it first, and the watch notices."""
    job, message = await rig.job("ana", rig.local.world.channel_id, rig.local.world.guild_id)
    asked = rig.forge("ana", message.channel_id, message, f"job:change:{job.id}")
    assert not await acknowledged_first(rig, asked, reads)
