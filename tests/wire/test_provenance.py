"""What members receive says where it comes from, as c2pa's own reader finds in the bytes that Discord was sent."""

import io
import zipfile

import c2pa
import pytest
from PIL import Image
from simcord.backend.models import Message

from generation.provenance import encode_like
from sandbox import LocalDiscord
from tests.wire.bot import Bot
from tests.wire.commands import custom_id, delivered, done, png, slash

HERE = "This bot made it"


def state(data: bytes, bot: Bot) -> tuple[str | None, dict[str, str]]:
    """Whether a manifest holds for whoever trusts the bot's authority, and its actions with their source types."""
    anchors = (bot.folder / "data" / "certificates" / "anchors.pem").read_text()
    context = c2pa.Context.from_dict({"version": 1, "trust": {"user_anchors": anchors}})
    reader = c2pa.Reader(io.BytesIO(data), context=context)
    active = reader.get_active_manifest() or {}
    actions = active["assertions"][0]["data"]["actions"]
    found = {each["action"]: each.get("digitalSourceType", "").rpartition("/")[2] for each in actions}
    return reader.get_validation_state(), found


def upload(local: LocalDiscord, data: bytes, name: str) -> Message:
    return local.people.say(local.world.members["milo"], local.world.channel_id, "look", [(name, data)])


async def info(local: LocalDiscord, data: bytes, name: str, words: str) -> str:
    """What Apps > Picture info says of a file that a member posts."""
    asked = local.people.menu(local.world.members["milo"], "Picture info", upload(local, data, name))
    await local.wait_for(lambda: words in asked.content, 200)
    return asked.content


def other_pixels(signed: bytes, other: bytes) -> bytes:
    """A PNG with the pixels of another one, its manifest kept, as a careless forger makes it."""
    kept = [chunk for chunk in chunks(signed) if chunk[4:8] not in (b"IHDR", b"IDAT", b"IEND")]
    head, *rest = chunks(other)
    return signed[:8] + b"".join([head, *kept, *rest])


def chunks(data: bytes) -> list[bytes]:
    found, place = [], 8
    while place < len(data):
        size = 12 + int.from_bytes(data[place : place + 4])
        found.append(data[place : place + size])
        place += size
    return found


async def test_a_picture_is_signed_and_known_again(local: LocalDiscord, bot: Bot) -> None:
    """Each picture of a request is signed; posted by somebody, it is told from an altered copy and from a plain one."""
    await done(local, slash(local, "txt2img", prompt="a signed apple", count=2, seed=1))
    message = delivered(local, "a signed apple")
    assert "made with AI" in message.content
    first, second = local.files(message)
    for data in (first, second):
        assert state(data, bot) == ("Trusted", {"c2pa.created": "trainedAlgorithmicMedia"})
    assert "signed apple" not in Image.open(io.BytesIO(first)).text["parameters"]  # type: ignore[attr-defined]
    assert b"signed apple" not in first
    assert f"**{HERE}**" in await info(local, first, "first.png", HERE)
    altered = other_pixels(first, png((512, 512)))
    assert "was altered since" in await info(local, altered, "altered.png", "This bot made it, but")
    bare = encode_like(Image.open(io.BytesIO(first)), Image.new("RGB", (64, 64)))
    assert HERE not in await info(local, bare, "bare.png", "anybody could have written that")
    assert "proves nothing" in await info(local, png(), "plain.png", "proves nothing")


@pytest.mark.slow
async def test_what_is_made_from_a_picture_names_it(local: LocalDiscord, bot: Bot) -> None:
    """A picture of ours that is enlarged is opened and edited, with its own manifest as an ingredient."""
    await done(local, slash(local, "txt2img", prompt="an apple to enlarge", seed=2))
    small = delivered(local, "an apple to enlarge")
    pressed = local.people.press(local.world.members["ana"], small, custom_id(small, "Enlarge"))
    await done(local, pressed)
    (enlarged,) = local.files(delivered(local, "enlarge"))
    expected = {"c2pa.opened": "", "c2pa.edited": "compositeWithTrainedAlgorithmicMedia"}
    assert state(enlarged, bot) == ("Trusted", expected)
    (first,) = local.files(small)
    label = c2pa.Reader(io.BytesIO(first)).get_active_manifest()["label"]
    assert label not in enlarged.decode("latin-1")  # each time that it leaves, it is signed again
    (ingredient,) = (c2pa.Reader(io.BytesIO(enlarged)).get_active_manifest() or {})["ingredients"]
    assert ingredient["active_manifest"]


async def test_a_member_who_wishes_it_has_the_prompt_in_the_file(local: LocalDiscord) -> None:
    """After /settings, both the signed manifest and the usual parameters have it."""
    await local.answered(slash(local, "settings", "milo", prompt_in_files=True))
    slash(local, "txt2img", "milo", prompt="an apple with its prompt")
    # Milo is answered in another language, so the picture is waited for and no words.
    await local.wait_for(lambda: [m for m in local.messages() if "its prompt" in m.content and m.attachments], 200)
    (data,) = local.files(delivered(local, "an apple with its prompt"))
    assert "an apple with its prompt" in Image.open(io.BytesIO(data)).text["parameters"]  # type: ignore[attr-defined]
    assert "an apple with its prompt" in c2pa.Reader(io.BytesIO(data)).json()


async def test_what_a_member_exports_is_signed_too(local: LocalDiscord, bot: Bot) -> None:
    """Without the prompt in the pictures, since that member did not wish it there."""
    pat = local.world.add_member("pat")
    await done(local, slash(local, "txt2img", "pat", prompt="an exported apple", seed=3))
    slash(local, "privacy export", "pat")
    await local.wait_for(lambda: [m for m in local.messages(pat) if m.is_ephemeral and m.attachments], 200)
    (part,) = [m for m in local.messages(pat) if m.is_ephemeral and m.attachments]
    with zipfile.ZipFile(io.BytesIO(local.files(part)[0])) as archive:
        (data,) = [archive.read(name) for name in archive.namelist() if name.startswith("pictures/")]
    assert state(data, bot) == ("Trusted", {"c2pa.created": "trainedAlgorithmicMedia"})
    assert b"exported apple" not in data


async def test_picture_info_on_the_bot_s_own_message_says_that_it_made_it(local: LocalDiscord) -> None:
    """With the time at which it was asked for, and not by whom."""
    await done(local, slash(local, "txt2img", prompt="an apple to ask about", seed=4))
    ana = local.world.members["ana"]
    asked = local.people.menu(ana, "Picture info", delivered(local, "an apple to ask about"))
    await local.wait_for(lambda: HERE in asked.content, 200)
    assert "<t:" in asked.content
    assert str(ana) not in asked.content


async def test_the_profile_says_that_it_is_a_bot(local: LocalDiscord) -> None:
    """The operator left it empty, so that it says what this is."""
    assert "makes pictures with AI" in local.rest.description
