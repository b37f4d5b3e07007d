"""Using the bot's commands, and finding what it answers."""

import io
from typing import Any

from PIL import Image, ImageDraw
from simcord.backend.models import Message

from sandbox import LocalDiscord
from sandbox.people import Asked

APPLE = "a red apple on a blue background"


#: within which a bot that was just started makes its first picture, on a machine that does much else
START_SECONDS = 240


def png(size: tuple[int, int] = (300, 200)) -> bytes:
    image = Image.new("RGB", size, "#f0c020")
    ImageDraw.Draw(image).ellipse((60, 40, 200, 160), fill="#d02020")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


BAR = "░"  # of the bar that shows how far pictures are, from the first step on
FEW = 5  # steps: enough for a picture, and for one step at strength 0.2
SMALL = "256x256"


def slash(local: LocalDiscord, path: str, who: str = "ana", **options: Any) -> Asked:
    """Use a command; pictures are small and made in few steps unless the test says otherwise (None: the usual)."""
    if path in ("txt2img", "img2img"):
        options.setdefault("num_inference_steps", FEW)
    if path == "txt2img":
        options.setdefault("size", SMALL)
    given = {name: value for name, value in options.items() if value is not None}
    return local.people.slash(local.world.members[who], local.world.channel_id, path, given)


async def done(local: LocalDiscord, asked: Asked, words: str = "left today") -> str:
    """The private answer's last words."""
    await local.wait_for(lambda: words in asked.content, START_SECONDS)
    return asked.content


def delivered(local: LocalDiscord, words: str) -> Message:
    """The newest public message with these words and with pictures."""
    return [m for m in local.messages() if words in m.content and m.attachments and not m.is_ephemeral][-1]


def custom_id(message: Message, label: str) -> str:
    """The custom_id of the button whose label begins so."""
    buttons = [part for row in message.components for part in row["components"]]
    return str(next(part["custom_id"] for part in buttons if part["label"].startswith(label)))


async def press(local: LocalDiscord, user_id: int, message: Message, label: str) -> Asked:
    """Press the button whose label begins so, under the message or else behind “More”."""
    shown, button = await offered(local, user_id, message, label)
    return local.people.press(user_id, shown, button)


async def offered(local: LocalDiscord, user_id: int, message: Message, label: str) -> tuple[Message, str]:
    """The message with the button whose label begins so, and its custom_id: this one, or the answer of “More”."""
    try:
        return message, custom_id(message, label)
    except StopIteration:
        more = local.people.press(user_id, message, custom_id(message, "More"))
        await local.wait_for(lambda: more.message and more.message.components, 200)
        assert more.message
        return more.message, custom_id(more.message, label)


def modal_fields(shown: Asked) -> dict[str, str]:
    """The custom_ids of a modal's fields by the text they are filled with."""
    assert shown.record.modal
    parts = [row["component"] for row in shown.record.modal["components"]]
    return {part.get("value", ""): part["custom_id"] for part in parts}


async def refused(local: LocalDiscord, asked: Asked) -> str:
    """The sentence with which a request was refused, shown only to its member."""
    await local.wait_for(lambda: asked.reply and asked.reply.is_ephemeral)
    await local.answered(asked)
    assert asked.reply
    return asked.reply.content


def public(local: LocalDiscord, words: str) -> list[Message]:
    """What the bot posted with these words where others see it too."""
    return [m for m in local.messages() if words in m.content and not m.is_ephemeral]


async def announced(local: LocalDiscord, words: str) -> Message:
    found: list[Message] = await local.wait_for(lambda: public(local, words), 200)
    (message,) = found
    return message


def pixels(data: bytes) -> bytes:
    """What a picture shows, whatever is written into its file."""
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()
