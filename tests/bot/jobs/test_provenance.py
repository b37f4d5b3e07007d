"""What arrives at Discord is signed, and a bot that cannot sign delivers all the same and tells its operator."""

import asyncio
import io
from dataclasses import replace
from threading import get_ident
from typing import Any

import c2pa
import pytest
from PIL import Image

from bot.messages.job_message import JobMessage
from bot.store import Action, JobRow
from generation import Catalogue, Finished, Request, Task, images
from generation.provenance import Signer
from tests.generation.provenance.conftest import drawn

from .stage import Stage


def finished(job: JobRow, place: int = 0) -> Finished:
    """A picture as a worker makes it, with its parameters."""
    png = images.encode_png(drawn((256, 256)), job.request.of_picture(place))
    return Finished(picture_id=f"{job.id}:{place}", attempt=1, png=png, seed=7, seconds=1.0)


def reader(stage: Stage, data: bytes) -> c2pa.Reader:
    """c2pa's own reader, which trusts the bot's authority."""
    settings = {"version": 1, "trust": {"user_anchors": stage.delivery.credentials.known.anchors}}
    return c2pa.Reader(io.BytesIO(data), context=c2pa.Context.from_dict(settings))


async def make(stage: Stage, pictures: int = 1) -> list[bytes]:
    """Ask for pictures, make them, and receive their files."""
    job = await stage.ask(pictures=pictures)
    await stage.hands.happen(*(finished(job, place) for place in range(pictures)))
    (message,) = await stage.delivered(job)
    return stage.local.files(message)


async def test_every_picture_of_a_message_is_signed(stage: Stage) -> None:
    """Four pictures, four manifests that hold, none with the prompt, which the member did not wish in files."""
    files = await make(stage, 4)
    assert [reader(stage, data).get_validation_state() for data in files] == ["Trusted"] * 4
    assert len({reader(stage, data).get_active_manifest()["label"] for data in files}) == 4
    assert [b"a cat" in data for data in files] == [False] * 4


async def test_a_member_s_wish_for_the_prompt_is_followed(stage: Stage) -> None:
    """It stands in the signed manifest and in the usual parameters."""
    await stage.store.preferences.change(stage.local.world.members["ana"], prompt_in_files=True)
    (data,) = await make(stage)
    assert "a cat" in reader(stage, data).json()
    assert Image.open(io.BytesIO(data)).text["parameters"].startswith("a cat")  # type: ignore[attr-defined]


async def test_a_bot_that_cannot_sign_delivers_and_tells_its_operator(stage: Stage) -> None:
    """The pictures arrive whole; the operator's channel is told once, not with every picture."""
    for name in ("signer.pem", "authority.pem"):
        (stage.store.files.certificates / name).write_text("nonsense")
    for _ in range(2):
        job = await stage.ask()
        await stage.hands.happen(finished(job))
        message = (await stage.delivered(job))[-1]
        (data,) = stage.local.files(message)
        assert Image.open(io.BytesIO(data)).tobytes() == drawn((256, 256)).tobytes()
        assert c2pa.Reader.try_create(io.BytesIO(data)) is None
    entries = [entry for entry in await stage.store.audit.unposted(10) if entry.action == Action.UNSIGNED]
    assert len(entries) == 1
    assert "signer.pem" in entries[0].detail


async def test_signing_does_not_hold_up_the_bot(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in another thread than the event loop."""
    threads: list[int] = []
    sign = Signer.sign

    def noted(*arguments: Any) -> bytes:
        threads.append(get_ident())
        return sign(*arguments)

    monkeypatch.setattr(Signer, "sign", noted)
    await make(stage)
    assert threads
    assert get_ident() not in threads


async def test_nothing_in_a_file_tells_whose_it_is(stage: Stage) -> None:
    """No id of the member, their server, channel, message or request, and no path, signed or not."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    (message,) = await stage.delivered(job)
    (data,) = stage.local.files(message)
    world = stage.local.world
    ids = [job.user_id, job.guild_id, job.channel_id, job.message_id, job.interaction_id, job.id]
    telling = [*ids, *world.members.values(), stage.store.files.certificates.parent]
    image = Image.open(io.BytesIO(data))
    texts = data.decode("latin-1") + reader(stage, data).json() + str(image.info)
    assert [each for each in telling if str(each) in texts] == []
    assert "Model: criar-embedded" in texts


async def test_what_left_unsigned_is_signed_as_it_is_taken_up(stage: Stage) -> None:
    """Found again on its message as JPEG or WebP, since its file is gone."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    row = (await stage.now(job)).pictures[0]
    message = JobMessage(stage.store.files, Catalogue.load(), stage.delivery.credentials)
    for format_ in ("JPEG", "WEBP"):
        file = io.BytesIO()
        drawn().save(file, format_)
        data = await asyncio.to_thread(message.signed, job, row, file.getvalue())
        assert reader(stage, data).get_validation_state() == "Trusted"
        assert message.signed(job, row, data) == data


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "made with AI"), ("pt-BR", "feita com IA"), ("es-ES", "hecha con IA")]
)
async def test_caption_and_alt_text_say_that_it_is_made_with_ai(stage: Stage, locale: str, words: str) -> None:
    """In the member's language."""
    job = replace(await stage.ask(), locale=locale)
    message = JobMessage(stage.store.files, Catalogue.load(), stage.delivery.credentials)
    assert words in message.describe(job)
    assert words in message.alt_text(job, job.pictures[0])


async def test_a_comparison_of_strengths_is_signed(stage: Stage) -> None:
    """A sheet of several pictures says that models made parts of it."""
    before = stage.store.files.keep_input(images.encode_png(drawn(), Request(task=Task.TXT2IMG, model="m")))
    built = stage.built(2)
    request = replace(built.request, task=Task.IMG2IMG, images=(before,), strengths=(0.25, 0.8))
    requester = stage.requester()
    await stage.manager.submit(requester, replace(built, request=request))
    job = await stage.store.jobs.of_interaction(requester.id)
    assert job
    await stage.hands.happen(finished(job, 0), finished(job, 1))
    (message,) = await stage.delivered(job)
    (data,) = stage.local.files(message)
    found = reader(stage, data)
    assert found.get_validation_state() == "Trusted"
    assert "compositeWithTrainedAlgorithmicMedia" in found.json()
