"""What is accepted, counted, moved on and given back."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config import Config
from bot.config.schema import Generation
from bot.errors import Refusal
from bot.quota import Person
from bot.store import Change, State, Store
from generation import Sentence
from tests.bot.factory import NOON, MakeJob

OPERATOR, ADMIN = None, 9


async def left(store: Store, user_id: int = 1, guild_id: int = 9) -> int:
    person = Person(user_id=user_id, guild_id=guild_id)
    return (await store.allowance(person, NOON + timedelta(hours=1))).left


def change(guild_id: int | None, hours: float = 0.5) -> Change:
    at = NOON + timedelta(hours=hours)
    return Change(actor_id=3, guild_id=guild_id, user_id=1, at=at, by_operator=guild_id is None, reason="so")


async def test_an_accepted_job_comes_back_as_it_was(store: Store, make_job: MakeJob) -> None:
    """What is read from the database is what was accepted, with a waiting row for each picture."""
    job = make_job(pictures=4)
    accepted = await store.accept(job)
    assert accepted is not None
    assert replace(accepted, pictures=(), created_at=job.created_at) == job
    assert [row.state for row in accepted.pictures] == [State.WAITING] * 4
    assert [accepted.seed_of(row) for row in accepted.pictures] == [7, 8, 9, 10]


async def test_each_picture_is_reserved_when_it_is_accepted(store: Store, make_job: MakeJob) -> None:
    """Four accepted pictures leave sixteen of twenty, before any is made."""
    await store.accept(make_job(pictures=4))
    assert await left(store) == 16


async def test_adapters_come_back_with_the_request(store: Store, make_job: MakeJob) -> None:
    """LoRAs and their weights are kept, so that the picture can be made again."""
    job = make_job()
    job = replace(job, request=replace(job.request, loras=(("ink", 0.5), ("snow", -1.0))))
    accepted = await store.accept(job)
    assert accepted is not None
    assert accepted.request == job.request


async def test_dear_models_count_more_and_free_ones_nothing(config: Config, make_job: MakeJob) -> None:
    """Each image counts what its model costs, by the first pattern that matches; what cannot be paid is refused."""
    costs = {"criar-embedded": 3, "criar-*": 50, "free": 0}
    store = Store(config.model_copy(update={"generation": Generation(costs=costs)}))
    await store.open()
    try:
        await store.accept(make_job(pictures=4))
        assert await left(store) == 8
        with pytest.raises(Refusal, match=r"asked for \(3\) count 3 each, and you have 8 of your 20 left"):
            await store.accept(make_job(pictures=3))
        free = make_job(pictures=4)
        await store.accept(replace(free, request=replace(free.request, model="free")))
        assert await left(store) == 8
        await store.accept(make_job(pictures=2))
        assert await left(store) == 2
    finally:
        await store.close()


async def test_over_the_limit_is_refused_whole_with_the_time_of_the_reset(store: Store, make_job: MakeJob) -> None:
    """With two left, four are refused, none is reserved, and the sentence names when new ones come."""
    for _ in range(6):
        await store.accept(make_job(pictures=3))
    with pytest.raises(Refusal, match=r"2 of your 20 .* <t:1795564800:R>"):
        await store.accept(make_job(pictures=4))
    assert await left(store) == 2


@pytest.mark.parametrize("give_back", ["failed", "cancelled"])
async def test_what_was_not_made_is_given_back(store: Store, make_job: MakeJob, give_back: str) -> None:
    """A failed or cancelled picture does not count."""
    job = await store.accept(make_job(pictures=2))
    assert job
    picture = job.pictures[0].id
    if give_back == "failed":
        assert await store.jobs.failed(picture, 1, Sentence("It broke: {why}.", {"why": "rust"}))
    else:
        assert await store.jobs.cancelled(picture, 1)
    assert await left(store) == 19


async def test_the_first_end_of_a_picture_counts(store: Store, make_job: MakeJob) -> None:
    """A picture that was cancelled cannot finish afterwards, nor the other way round."""
    job = await store.accept(make_job(pictures=2))
    assert job
    first, second = (row.id for row in job.pictures)
    assert await store.jobs.cancelled(first, 1)
    assert not await store.jobs.finished(first, 1, 2.0)
    assert await store.jobs.finished(second, 1, 2.0)
    assert not await store.jobs.cancelled(second, 1)
    assert await left(store) == 19


async def test_a_late_event_of_an_older_attempt_changes_nothing(store: Store, make_job: MakeJob) -> None:
    """After a retry only the new attempt can end the picture."""
    job = await store.accept(make_job())
    assert job
    picture = job.pictures[0].id
    assert await store.jobs.started(picture, 1)
    assert await store.jobs.retry(picture, 1)
    assert not await store.jobs.finished(picture, 1, 2.0)
    assert await store.jobs.finished(picture, 2, 2.0)


async def test_an_interaction_delivered_twice_is_one_job(store: Store, make_job: MakeJob) -> None:
    """The second delivery of an interaction reserves nothing."""
    assert await store.accept(make_job(interaction_id=77))
    assert await store.accept(make_job(interaction_id=77)) is None
    assert await left(store) == 19


async def test_yesterdays_pictures_do_not_count_today(store: Store, make_job: MakeJob) -> None:
    """The day is stored with the picture, and a new day starts at nothing."""
    await store.accept(make_job(pictures=4, at=NOON - timedelta(hours=13)))
    assert await left(store) == 20


async def test_use_counts_over_all_servers(store: Store, make_job: MakeJob) -> None:
    """What was made in one server is gone in the other."""
    await store.accept(make_job(pictures=4, guild_id=1))
    assert await left(store, guild_id=2) == 16


async def test_two_processes_at_once_never_exceed_the_limit(config: Config, store: Store, make_job: MakeJob) -> None:
    """Forty requests at the same time over two connections lead to exactly twenty accepted images."""
    other = Store(config)
    await other.open()
    stores = [store, other] * 20
    results = await asyncio.gather(*(each.accept(make_job()) for each in stores), return_exceptions=True)
    await other.close()
    assert sum(isinstance(result, Refusal) for result in results) == 20
    assert await left(store) == 0


async def test_a_limit_of_a_server_counts_only_there(store: Store) -> None:
    """An admin's limit holds in his server, the operator's everywhere else, and taking it away brings back the plan."""
    await store.quotas.set_limit(change(OPERATOR), 50)
    await store.quotas.set_limit(change(ADMIN), 5)
    assert await left(store, guild_id=9) == 5
    assert await left(store, guild_id=8) == 50
    await store.quotas.set_limit(change(ADMIN), None)
    await store.quotas.set_limit(change(OPERATOR), None)
    assert await left(store) == 20


async def test_a_reset_is_a_point_in_time(store: Store, make_job: MakeJob) -> None:
    """Only what came after the operator's reset counts."""
    await store.accept(make_job(pictures=4))
    await store.quotas.reset(change(OPERATOR))
    assert await left(store) == 20
    await store.accept(make_job(pictures=3, at=NOON + timedelta(minutes=45)))
    assert await left(store) == 17


async def test_an_admins_resets_end_at_the_ceiling(store: Store, make_job: MakeJob) -> None:
    """With the free plan as the ceiling, an admin's reset gives nothing beyond the day's twenty."""
    await store.accept(make_job(pictures=4))
    await store.quotas.reset(change(ADMIN))
    assert await left(store) == 16


async def test_unfinished_work_is_found_again_after_a_restart(config: Config, make_job: MakeJob) -> None:
    """A store opened anew hands out what was waiting and running, with the same seeds and the same attempt."""
    first = Store(config)
    await first.open()
    job = await first.accept(make_job(pictures=3))
    assert job
    await first.jobs.started(job.pictures[0].id, 1)
    await first.jobs.finished(job.pictures[2].id, 1, 1.0)
    await first.close()
    second = Store(config)
    await second.open()
    (found,) = await second.jobs.undelivered()
    await second.jobs.requeue()
    assert [(picture.request.seed, picture.attempt) for picture in found.to_make()] == [(7, 1), (8, 1)]
    assert [row.state for row in (await second.jobs.undelivered())[0].pictures] == ["waiting", "waiting", "finished"]
    await second.close()


async def test_nothing_stays_unfinished_of_what_was_deleted(store: Store, make_job: MakeJob) -> None:
    """What waited or ran when its job was deleted is given back at the next start, and nothing of it is made again."""
    job = await store.accept(make_job(pictures=3))
    assert job
    _, running, finished = (row.id for row in job.pictures)
    await store.jobs.started(running, 1)
    await store.jobs.finished(finished, 1, 1.0)
    await store.jobs.set_deleted(job.id, NOON)
    assert not await store.jobs.remake(finished)
    await store.jobs.requeue()
    now = await store.jobs.of_picture(job.id)
    assert [row.state for row in now.pictures] == ["cancelled", "cancelled", "finished"]
    assert await left(store) == 19


async def test_pictures_older_than_the_kept_days_are_deleted_unless_needed(store: Store, make_job: MakeJob) -> None:
    """Cleaning leaves new files and those of unfinished jobs."""
    files = store.files
    needed = files.keep_input(b"needed")
    job = make_job()
    await store.accept(replace(job, request=replace(job.request, images=(needed,))))
    files.keep_input(b"old")
    files.keep_picture("gone:0", b"old")
    assert files.clean(NOON.replace(year=2100), 7, await store.in_use()) == 2
    assert needed.exists()
    assert not files.picture("gone:0").exists()


def test_the_same_picture_is_kept_once(config: Config) -> None:
    """Inputs are named by their bytes."""
    files = Store(config).files
    files.open()
    assert files.keep_input(b"same") == files.keep_input(b"same")
    assert len(list(files.inputs.iterdir())) == 1


def test_an_input_that_is_deleted_while_it_is_sent_again_is_never_empty(store: Store) -> None:
    """Whenever the cleaning comes between, what is there afterwards is the picture."""
    files, over = store.files, threading.Event()
    path = files.keep_input(b"again")

    def clean() -> None:
        while not over.is_set():
            path.unlink(missing_ok=True)

    cleaning = threading.Thread(target=clean)
    cleaning.start()
    found = set()
    for _ in range(500):
        files.keep_input(b"again")
        with suppress(FileNotFoundError):
            found.add(path.read_bytes())
    over.set()
    cleaning.join()
    assert found <= {b"again"}


async def test_what_is_cancelled_late_is_counted(store: Store, make_job: MakeJob) -> None:
    """Only pictures that a worker had begun count as cancelled late, and they can be left to be made."""
    job = await store.accept(make_job(pictures=3))
    assert job
    first, second, _ = (row.id for row in job.pictures)
    assert await store.jobs.started(first, 1)
    assert await store.jobs.started(second, 1)
    assert len(await store.jobs.take_back(job.id, begun=False)) == 1
    assert await store.jobs.late_cancels(1, NOON - timedelta(days=1)) == 0
    assert await store.jobs.take_back(job.id) == [first, second]
    assert await store.jobs.late_cancels(1, NOON - timedelta(days=1)) == 2
    assert await store.jobs.late_cancels(1, NOON + timedelta(days=1)) == 0
