"""Which parts of messages are taken for pictures, and when their addresses have run out."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from yarl import URL

from bot.jobs.cdn import HOSTS
from bot.jobs.ping import CHANNELS, MANY, Traffic
from bot.jobs.uploads import MessagePicture, pictures_in, pictures_of


@pytest.mark.parametrize(
    ("kind", "name", "taken"),
    [
        ("image/png", "a.png", True),
        ("image/heic", "IMG_1.HEIC", True),
        (None, "photo", True),
        ("application/octet-stream", "photo", True),
        ("application/octet-stream", "a.PNG", True),
        ("text/plain", "a.png", True),
        ("application/pdf", "a.pdf", False),
        ("application/octet-stream", "photo.bin", True),
        ("application/octet-stream", "a.zip", False),
        (None, "notes.txt", False),
        ("video/mp4", "a.mp4", False),
    ],
)
def test_attachments_of_whatever_type_is_named_may_be_pictures(kind: str | None, name: str, taken: bool) -> None:
    """Bot 27: the type, or the name where the type says nothing; opening it decides."""
    attachment: Any = SimpleNamespace(content_type=kind, filename=name)
    assert bool(pictures_of([attachment])) == taken


@pytest.mark.parametrize(("kind", "found"), [(1, ["wave.png"]), (2, ["wave.png"]), (3, [])])
def test_stickers_that_are_pictures_are_found(kind: int, found: list[str]) -> None:
    """Bot 50: PNG and APNG ones, of Discord's own server; those that are drawings in JSON are none."""
    nobody: Any = None
    sticker = discord.StickerItem(state=nobody, data={"id": 5, "name": "wave", "format_type": kind})  # type: ignore[typeddict-item]
    message: Any = SimpleNamespace(id=1, message_snapshots=[], attachments=[], embeds=[], stickers=[sticker])
    pictures = pictures_in(message)
    assert [each.filename for each in pictures] == found
    assert all(URL(each.url).host in HOSTS for each in pictures)


def test_a_signed_address_runs_out() -> None:
    """The time stands in its query, in hexadecimal seconds; an address without one lasts."""
    signed = MessagePicture(id=1, url="https://cdn.discordapp.com/attachments/1/2/a.png?ex=64&is=1&hm=2", filename="a")
    assert (signed.expired(99.0), signed.expired(100.0)) == (False, True)
    assert not MessagePicture(id=1, url="https://cdn.discordapp.com/a.png?ex=zz", filename="a").expired(1e9)


def test_a_message_is_buried_under_five_others() -> None:
    """Fewer, or those before it, do not count; and quiet channels are forgotten first."""
    traffic = Traffic()
    for number in range(10, 10 + MANY):
        traffic.saw(1, number)
    assert traffic.buried(1, 9)
    assert not traffic.buried(1, 10)
    assert not traffic.buried(2, 0)
    for channel in range(2, 2 + CHANNELS):
        traffic.saw(channel, 1)
    assert not traffic.buried(1, 9)
