"""/privacy over the wire."""

import io
import json
import zipfile

from sandbox import LocalDiscord

from .bot import Bot
from .commands import delivered, done, press, slash


async def test_a_member_gets_all_and_deletes_all(local: LocalDiscord, bot: Bot) -> None:
    """The export has the words and the picture; after the deletion message, file and row are gone, the count stays."""
    pia = local.world.add_member("pia")
    await done(local, slash(local, "txt2img", "pia", prompt="a private pear", num_inference_steps=4))
    posted = delivered(local, "a private pear")
    shown = slash(local, "privacy show", "pia")
    await local.wait_for(lambda: "for 7 days on my disk" in shown.content, 200)
    assert shown.record.ephemeral
    slash(local, "privacy export", "pia")
    await local.wait_for(lambda: any("That is all" in m.content for m in local.messages(pia)), 200)
    (part,) = [m for m in local.messages(pia) if m.content == "Part 1"]
    assert part.is_ephemeral
    with zipfile.ZipFile(io.BytesIO(local.files(part)[0])) as archive:
        rows = json.loads(archive.read("data.json"))
        (picture,) = [name for name in archive.namelist() if name.startswith("pictures/")]
    assert json.loads(rows["jobs"][0]["request"])["prompt"] == "a private pear"
    asked = slash(local, "privacy delete", "pia")
    await local.wait_for(lambda: asked.message and asked.message.components, 200)
    assert asked.message
    pressed = await press(local, pia, asked.message, "Delete all of it")
    await local.wait_for(lambda: pressed.reply and "Everything is deleted" in pressed.reply.content, 200)
    assert not (bot.folder / "data" / picture).exists()
    await local.wait_for(lambda: posted.id not in [m.id for m in local.messages()], 200)
    quota = slash(local, "quota", "pia")
    await local.wait_for(lambda: "499" in quota.content, 200)
