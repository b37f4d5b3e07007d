"""What may be shown where."""

import asyncio
import io
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from PIL import Image, ImageDraw

from bot.config import Config
from bot.config.schema import Filter, Storage
from bot.moderation.output_filter import Blocked, OutputFilter, too_much
from bot.store import Blocking, Change, ServerPolicy, Store
from generation import Inspector
from tests.bot.factory import MakeJob

OPEN, STRICT = 1, 2
CONFIG = Config(filter=Filter(strict={"FACE_FEMALE": 0.1}, age_restricted={}))


def face() -> bytes:
    """A drawn face, in which the detector sees FACE_FEMALE at about 0.2."""
    image = Image.new("RGB", (512, 512), "#88aacc")
    pen = ImageDraw.Draw(image)
    pen.ellipse((120, 60, 392, 430), fill="#3b2314")
    pen.ellipse((150, 90, 362, 400), fill="#f1c27d")
    for x in (205, 307):
        pen.ellipse((x - 26, 210, x + 26, 238), fill="white")
        pen.ellipse((x - 12, 212, x + 12, 236), fill="#2b4b6b")
        pen.arc((x - 32, 180, x + 32, 220), 200, 340, fill="#3b2314", width=8)
    pen.line((256, 230, 246, 290, 266, 294), fill="#b98b52", width=5)
    pen.ellipse((215, 320, 297, 350), fill="#c0392b")
    pen.line((215, 335, 297, 335), fill="#7b1f1f", width=3)
    pen.rectangle((216, 390, 296, 470), fill="#f1c27d")
    pen.ellipse((80, 440, 432, 640), fill="#cc3344")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _channel(kind: Any, *, nsfw: bool) -> Any:
    """A channel of discord.py's as far as the filter looks at it."""
    channel = kind.__new__(kind)
    channel.nsfw = nsfw
    return channel


def _client(channels: dict[int, Any]) -> Any:
    """The bot's client as far as the filter asks it."""
    return SimpleNamespace(get_channel=channels.get, wait_until_ready=lambda: asyncio.sleep(0))


@pytest.fixture
def output_filter(store: Store, inspector: Inspector) -> OutputFilter:
    """Holds faces back, but for age-restricted channels."""
    channels = {OPEN: _channel(discord.TextChannel, nsfw=True), STRICT: _channel(discord.TextChannel, nsfw=False)}
    return OutputFilter(_client(channels), CONFIG, store, inspector)


async def test_what_a_channel_allows_decides(output_filter: OutputFilter) -> None:
    """The same picture passes in an age-restricted channel and is held back in others and where we know nothing."""
    picture = face()
    assert await output_filter.allows(OPEN, picture)
    for channel_id in (STRICT, 999):
        with pytest.raises(Blocked, match="more than this channel allows"):
            await output_filter.check(channel_id, picture)


async def test_a_channel_that_only_an_interaction_showed_keeps_its_age_restriction(output_filter: OutputFilter) -> None:
    """Bot 46: a private thread, or one that was archived at the start, is in nobody's cache."""
    thread = _channel(discord.TextChannel, nsfw=True)
    thread.id = 998
    assert not await output_filter.allows(998, face())
    output_filter.saw(thread)
    assert await output_filter.allows(998, face())


async def test_a_preview_that_is_left_out_is_no_incident_in_the_log(
    output_filter: OutputFilter, make_job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    """Finding 21: only a finished picture that is blocked is a line of the log, with its job."""
    caplog.set_level(logging.INFO)
    assert not await output_filter.allows(STRICT, face())
    assert not caplog.records
    job = replace(make_job(), channel_id=STRICT)
    with pytest.raises(Blocked):
        await output_filter.check_made(job, face())
    assert [record.getMessage() for record in caplog.records] == [f"a picture of job {job.id} is blocked: FACE_FEMALE"]


async def test_other_pictures_pass(output_filter: OutputFilter) -> None:
    """A plain picture shows nothing of the body."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "PNG")
    assert await output_filter.allows(STRICT, file.getvalue())


async def test_what_cannot_be_looked_at_is_held_back(output_filter: OutputFilter) -> None:
    """Where the filter fails the picture is not shown, not even where everything is allowed."""
    for channel_id in (OPEN, STRICT):
        with pytest.raises(Blocked, match="could not look"):
            await output_filter.check(channel_id, b"this is no picture")


async def test_a_thread_is_as_its_channel(store: Store, inspector: Inspector) -> None:
    """A thread in an age-restricted channel is age-restricted."""
    parent = _channel(discord.TextChannel, nsfw=True)
    thread = discord.Thread.__new__(discord.Thread)
    guild: Any = SimpleNamespace(id=1, get_channel={7: parent}.get)
    thread.id, thread.parent_id, thread.guild = 3, 7, guild
    output_filter = OutputFilter(_client({3: thread}), CONFIG, store, inspector)
    assert await output_filter.allows(3, face())
    assert not await output_filter.allows(4, face())


@pytest.mark.parametrize(
    ("blocking", "blocked"), [(Blocking.OPERATOR, []), (Blocking.STRICT, [0.4]), (Blocking.TIGHT, [0.2, 0.4])]
)
async def test_admins_block_more_than_the_operator_and_never_less(
    store: Store, inspector: Inspector, blocking: Blocking, blocked: list[float]
) -> None:
    """In an age-restricted channel that the operator opened; a channel of another server stays as it was."""
    here, elsewhere = (_channel(discord.TextChannel, nsfw=True) for _ in range(2))
    here.id, here.guild, elsewhere.id, elsewhere.guild = 5, SimpleNamespace(id=1), 6, SimpleNamespace(id=2)
    admin = Change(actor_id=1, guild_id=1, at=discord.utils.utcnow(), by_operator=False)
    await store.policies.set(admin, ServerPolicy(blocking=blocking), 5)
    output_filter = OutputFilter(_client({5: here, 6: elsewhere}), CONFIG, store, inspector)
    scores = await output_filter._scores(5)
    assert [seen for seen in (0.2, 0.4) if too_much({"FEMALE_BREAST_EXPOSED": seen}, scores)] == blocked
    assert await output_filter._scores(6) == {}


@pytest.mark.parametrize(
    ("found", "held"),
    [
        ({}, ""),
        ({"FACE_MALE": 0.99, "BELLY_EXPOSED": 0.9}, ""),
        ({"FEMALE_BREAST_EXPOSED": 0.3}, ""),
        ({"FEMALE_BREAST_EXPOSED": 0.41}, "FEMALE_BREAST_EXPOSED"),
        ({"FEMALE_BREAST_EXPOSED": 0.41, "ANUS_EXPOSED": 0.8}, "ANUS_EXPOSED"),
    ],
)
def test_the_usual_policy_minds_what_is_bare(found: dict[str, float], held: str) -> None:
    """Faces and bellies pass; breasts, buttocks and genitals do not, from their scores on."""
    assert too_much(found, Filter().scores(age_restricted=False)) == held


def test_age_restricted_channels_are_as_strict_unless_the_operator_chose() -> None:
    """Unless the configuration says otherwise, an age-restricted channel has the strict policy."""
    assert Filter().scores(age_restricted=True) == Filter().strict
    assert Filter(age_restricted={}).scores(age_restricted=True) == {}
    assert Filter(age_restricted={}).scores(age_restricted=False) == Filter().strict


def test_a_class_that_the_filter_does_not_know_is_refused() -> None:
    """A slip in a class's name is an error at the start and not a hole in the filter."""
    with pytest.raises(ValueError, match="BOTTOM is no class of the filter; there are FEMALE_GENITALIA_COVERED"):
        Config(storage=Storage(), filter=Filter(strict={"BOTTOM": 0.5}))
