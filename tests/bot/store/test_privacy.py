"""What is kept about a member is told in full, deleted for good, and forgotten in time."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image
from sqlite_utils import Database as Tables

from bot.config import Config
from bot.store import Change, JobRow, Rule, Store, Strike
from bot.store.export import export
from generation import Task
from tests.bot.factory import NOON, MakeJob


def noise(seed: int, side: int = 200) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


async def made(store: Store, job: JobRow, words: str, sent: bytes = b"") -> JobRow:
    """A delivered job whose pictures are on disk, from a picture that was sent where there is one."""
    request = replace(job.request, prompt=words)
    if sent:
        request = replace(request, task=Task.IMG2IMG, strength=0.5, images=(store.files.keep_input(sent),))
    accepted = await store.accept(replace(job, request=request, token="a token"))  # noqa: S106
    assert accepted
    await store.jobs.set_message(accepted.id, accepted.channel_id, int(accepted.id, 16) + 500)
    for row in accepted.pictures:
        store.files.keep_picture(row.id, noise(int(accepted.id, 16)))
        await store.jobs.finished(row.id, 1, 1.0)
    await store.jobs.set_delivered(accepted.id, job.created_at)
    return accepted


async def test_an_export_has_all_rows_and_pictures_in_parts(store: Store, make_job: MakeJob) -> None:
    """Every row about the member, without Discord's tokens, and each picture once, in files within the limit."""
    job = await made(store, make_job(pictures=3), "my words", sent=noise(9))
    await made(store, make_job(user_id=2), "another's words")
    await store.preferences.change(1, language="pt-BR")
    await store.styles.save(1, "mine", "in ink")
    parts = [part async for part in export(store, 1, 300_000)]
    assert len(parts) > 1
    assert all(len(part) <= 300_000 for part in parts)
    files = {name: data for part in parts for name, data in _unzipped(part).items()}
    assert len([name for name in files if name.startswith("pictures/")]) == 3
    (sent,) = (data for name, data in files.items() if name.startswith("inputs/"))
    assert sent == noise(9)
    rows = json.loads(files["data.json"])
    assert json.loads(rows["jobs"][0]["request"])["prompt"] == "my words"
    assert len(rows["pictures"]) == 3
    assert rows["styles"][0]["words"] == "in ink"
    assert "another's words" not in files["data.json"].decode()
    assert "a token" not in files["data.json"].decode()
    assert job.id in files["data.json"].decode()


def _unzipped(part: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(part)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_deleting_leaves_nothing_but_what_counts_today(config: Config, store: Store, make_job: MakeJob) -> None:
    """Rows, files and even the database's bytes are gone; the day's use stays, and others' pictures too."""
    words_of_mine = "xylophone zeppelin"
    shared = noise(5)
    mine = await made(store, make_job(pictures=2), words_of_mine, sent=shared)
    theirs = await made(store, make_job(user_id=2), "a cat", sent=shared)
    only_mine = await made(store, make_job(), words_of_mine, sent=noise(6))
    await store.jobs.set_post(5, 77, mine.pictures[0].id)
    await store.styles.save(1, "mine", words_of_mine)
    strike = Strike(
        interaction_id=1, user_id=1, guild_id=9, rule=Rule.OPERATOR, word="z", prompt=words_of_mine, at=NOON
    )
    await store.strikes.add(strike)
    before = await store.allowance(mine.person, NOON)
    await store.forget(1, NOON)
    assert await store.jobs.get(mine.id) is None
    assert (await store.allowance(mine.person, NOON)).left == before.left == 17
    assert not store.files.picture(mine.pictures[0].id).exists()
    assert not only_mine.request.images[0].exists()
    assert theirs.request.images[0].exists()
    assert store.files.picture(theirs.pictures[0].id).exists()
    rows = await store.privacy.collect(1)
    assert {name for name, found in rows.items() if found} <= {"spent", "strikes", "audit"}
    assert [row["prompt"] for row in rows["strikes"]] == [""]
    messages = {mine.id, only_mine.id}
    now = datetime.now(UTC)
    assert set(await store.privacy.to_erase(now, 10)) == {(5, 77), *((5, int(each, 16) + 500) for each in messages)}
    await store.privacy.erased(77)
    assert len(await store.privacy.to_erase(datetime.now(UTC), 10)) == 2
    folder = config.storage.folder
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert words_of_mine.encode() not in kept


async def test_what_is_used_is_forgotten_when_the_day_is_over(store: Store, make_job: MakeJob) -> None:
    """The row that a deletion leaves is gone with the next day."""
    await made(store, make_job(), "a cat")
    await store.forget(1, NOON)
    assert (await store.privacy.collect(1))["spent"]
    await store.usages.forget_spent("2026-11-25", NOON + timedelta(days=1))
    assert not (await store.privacy.collect(1))["spent"]


async def test_requests_strikes_and_tokens_expire_by_themselves(store: Store, make_job: MakeJob) -> None:
    """After a day no token is kept, after their time no strike and no request; what is not delivered stays."""
    job = await made(store, make_job(), "a cat")
    waiting = await store.accept(make_job())
    assert waiting
    await store.strikes.add(
        Strike(interaction_id=1, user_id=1, guild_id=9, rule=Rule.SERVER, word="z", prompt="z", at=NOON)
    )
    assert await store.privacy.expire(NOON + timedelta(days=2), 31, 10) == 0
    kept = await store.jobs.get(job.id)
    assert kept
    assert kept.token is None
    assert len(await store.strikes.latest(10)) == 1
    assert await store.privacy.expire(NOON + timedelta(days=32), 31, 10) == 1
    assert await store.strikes.latest(10) == []
    assert await store.jobs.get(waiting.id)
    assert datetime.now(UTC) > NOON


async def test_no_table_grows_for_ever(store: Store, make_job: MakeJob) -> None:
    """Jobs, posts, grants, resets and the audit are gone after their time, and posts are found by an index."""
    change = Change(actor_id=5, by_operator=True, guild_id=None, user_id=1, at=NOON)
    for number in range(3):
        await made(store, make_job(), "a cat")
        await store.jobs.set_post(5, number, f"{number + 1:012x}:0")
        await store.quotas.reset(change)
        await store.quotas.grant(change, 3, NOON + timedelta(days=1))
    assert await store.privacy.expire(NOON + timedelta(days=33), 31, 10) == 3

    def left(tables: Tables) -> dict[str, int]:
        names = ("jobs", "pictures", "posts", "resets", "grants", "audit")
        return {name: tables[name].count for name in names if tables[name].count}

    assert await store._database.read(left) == {}
    plan = await store._database.read(
        lambda tables: list(tables.query("EXPLAIN QUERY PLAN DELETE FROM posts WHERE picture_id = 'x'"))
    )
    assert "posts_picture" in plan[0]["detail"]
