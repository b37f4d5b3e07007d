"""Two things at once, in both orders: the manager with a real store and delivery; only the worker is played."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import discord
import pytest
from PIL import Image
from simcord.backend.models import Message

from bot.config import Config
from bot.config.schema import Filter, Storage
from bot.jobs import delivery
from bot.jobs.cdn import Cdn
from bot.jobs.delivery import Delivery
from bot.jobs.events import EventConsumer
from bot.jobs.manager import JobManager
from bot.jobs.outbox import Outbox
from bot.jobs.progress import ProgressBoard
from bot.moderation.policy import Moderation
from bot.quota import Person
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import JobRow, State, Store
from generation import Cancelled, Catalogue, Event, Failed, Finished, Picture, Request, Started, Task
from sandbox import Fault, LocalDiscord
from sandbox.rest import Call
from tests.bot.conftest import NOON, MakeJob

EDITS = "/channels/*/messages/*"


class Hands:
    """Stands where the service would: the test says what happens to the pictures, and when."""

    def __init__(self) -> None:
        self.submitted: list[Picture] = []
        self.cancelled: list[str] = []
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def submit(self, pictures: Sequence[Picture]) -> None:
        self.submitted += pictures

    def cancel(self, picture_id: str) -> None:
        self.cancelled.append(picture_id)

    def lacks_model(self, _: str) -> bool:
        return False

    def ahead(self, _: str) -> int:
        return 0

    def estimate(self, _: str) -> float:
        return 0.0

    def running(self) -> frozenset[str]:
        return frozenset()

    async def drain(self) -> None:
        pass

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()
            self._events.task_done()

    async def happen(self, *events: Event) -> None:
        """Let events come, and wait until they are handled."""
        for event in events:
            self._events.put_nowait(event)
        await self._events.join()


@dataclass
class Stage:
    local: LocalDiscord
    store: Store
    hands: Hands
    manager: JobManager
    delivery: Delivery

    async def ask(self, number: int = 0, pictures: int = 1, *, command: bool = False, private: bool = False) -> JobRow:
        """A member asks for pictures with a message, or with a command whose answer this Discord does not know.

        They are announced when this returns, where they are not private.
        """
        requester = replace(self.requester(number), token="secret" if command else None, private=private)
        await self.manager.submit(requester, self.built(pictures))
        job = await self.store.jobs.of_interaction(requester.id)
        assert job
        return job

    async def fail_delivery(self, job: JobRow, status: int = 503) -> None:
        """Let the first try to deliver the job fail; the edit before it, which tells the member his place, is made."""
        await self.local.wait_for(
            lambda: any(
                message.id == job.message_id and "You are next." in message.content for message in self.local.messages()
            )
        )
        self.local.fail(Fault(method="PATCH", path=EDITS, status=status))

    def edits_of_answers(self, status: int) -> list[Call]:
        """Requests to edit an interaction's answer that ended so."""
        return [call for call in self.local.rest.calls if call.path.startswith("/webhooks/") and call.status == status]

    def requester(self, number: int = 0) -> Requester:
        return Requester(
            id=discord.utils.time_snowflake(discord.utils.utcnow()) + number,
            user_id=self.local.world.members["ana"],
            guild_id=self.local.world.guild_id,
            channel_id=self.local.world.channel_id,
            locale="en-US",
            upload_limit=10 * 2**20,
        )

    @staticmethod
    def built(pictures: int = 1) -> BuiltRequest:
        request = Request(task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", seed=7, count=pictures)
        return BuiltRequest(request=request)

    async def delivered(self, job: JobRow) -> list[Message]:
        """The channel's messages once nobody waits for the job."""
        while not (await self.now(job)).delivered:  # noqa: ASYNC110 - the database makes no event
            await asyncio.sleep(0.01)
        return self.local.messages()

    async def now(self, job: JobRow) -> JobRow:
        found = await self.store.jobs.get(job.id)
        assert found
        return found

    async def used(self) -> int:
        person = Person(user_id=self.local.world.members["ana"], guild_id=self.local.world.guild_id)
        return (await self.store.allowance(person, discord.utils.utcnow())).used

    def direct(self) -> list[Message]:
        channel = self.local.world.backend.get_dm_channel(self.local.world.members["ana"]).id
        return list(self.local.world.backend.messages.get(channel, {}).values())


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    config = Config(storage=Storage(folder=tmp_path / "data"), filter=Filter(strict={}))
    store = Store(config)
    await store.open()
    async with LocalDiscord() as local:
        monkeypatch.setattr(discord.http.Route, "BASE", local.api)
        client = discord.Client(intents=discord.Intents.none())
        await client.login(local.token)
        moderation = Moderation(client, config, store)
        hands, delivery = Hands(), Delivery(client, store, Catalogue.load(), Cdn(config.discord.api), moderation)
        outbox = Outbox(store, hands, delivery, timedelta(days=config.storage.keep_days))  # type: ignore[arg-type]
        board = ProgressBoard(hands, moderation)  # type: ignore[arg-type]
        events = EventConsumer(store, hands, moderation, board, outbox)  # type: ignore[arg-type]
        manager = JobManager(config, store, hands, moderation, delivery, events)  # type: ignore[arg-type]
        following = asyncio.create_task(events.run())
        yield Stage(local, store, hands, manager, delivery)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await manager.close()
        await moderation.close()
        await client.close()
    await store.close()


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#d02020").save(file, "PNG")
    return file.getvalue()


def finished(job: JobRow, attempt: int = 1, place: int = 0) -> Finished:
    return Finished(picture_id=f"{job.id}:{place}", attempt=attempt, png=png(), seed=7, seconds=1.0)


def died(job: JobRow, attempt: int = 1, place: int = 0) -> Failed:
    return Failed(picture_id=f"{job.id}:{place}", attempt=attempt, template="It died.", retryable=True)


def gone_wrong(job: JobRow) -> Failed:
    return Failed(picture_id=f"{job.id}:0", attempt=1, template="It went wrong.", retryable=False)


def cancelled(job: JobRow) -> Cancelled:
    return Cancelled(picture_id=f"{job.id}:0", attempt=1)


async def test_cancelling_before_the_end_wins(stage: Stage) -> None:
    """What was cancelled first is given back, though the worker finishes it all the same; no file is left."""
    job = await stage.ask()
    await stage.manager.cancel(job)
    await stage.hands.happen(finished(job), cancelled(job))
    (message,) = await stage.delivered(job)
    assert "1 picture was cancelled and not counted." in message.content
    assert not message.attachments
    assert stage.hands.cancelled == [f"{job.id}:0"]
    assert await stage.used() == 0
    assert not list(stage.store.files.pictures.iterdir())


async def test_cancelling_after_the_end_changes_nothing(stage: Stage) -> None:
    """What was finished first is delivered and counted."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.manager.cancel(job)
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert stage.hands.cancelled == []
    assert await stage.used() == 1


async def test_a_cancel_holds_over_a_restart(stage: Stage) -> None:
    """It is in the database before the worker knows of it, so that no later run makes the picture again."""
    job = await stage.ask(pictures=2)
    await stage.hands.happen(finished(job))
    await stage.manager.cancel(job)
    assert (await stage.now(job)).complete
    assert [row.state for row in (await stage.now(job)).pictures] == [State.FINISHED, State.CANCELLED]


async def test_the_childs_death_before_the_end_wins(stage: Stage) -> None:
    """After a death only the second attempt counts; an end of the first that comes late is dropped."""
    job = await stage.ask()
    await stage.hands.happen(Started(picture_id=f"{job.id}:0", attempt=1), died(job), finished(job))
    assert not (await stage.now(job)).complete
    assert [picture.attempt for picture in stage.hands.submitted] == [1, 2]
    await stage.hands.happen(finished(job, attempt=2))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert await stage.used() == 1


async def test_the_childs_death_after_the_end_changes_nothing(stage: Stage) -> None:
    """A picture that was finished before its worker died is not made again."""
    job = await stage.ask()
    await stage.hands.happen(finished(job), died(job))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
    assert [picture.attempt for picture in stage.hands.submitted] == [1]


async def test_two_deaths_give_the_picture_back_with_a_sentence(stage: Stage) -> None:
    """The second attempt is the last; the other picture of the job is delivered."""
    job = await stage.ask(pictures=2)
    await stage.hands.happen(died(job), finished(job, place=1), died(job, attempt=2))
    (message,) = await stage.delivered(job)
    assert "1 picture failed and was not counted:\nIt died." in message.content
    assert len(message.attachments) == 1
    assert await stage.used() == 1


async def test_deleting_before_the_delivery_wins(stage: Stage) -> None:
    """A deleted job is not delivered when its picture is finished after that, in no way."""
    job = await stage.ask()
    await stage.manager.delete(job)
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    assert stage.local.messages() == []
    assert stage.direct() == []
    assert not list(stage.store.files.pictures.iterdir())


async def test_deleting_between_two_tries_of_a_delivery_wins(stage: Stage) -> None:
    """Deleted while the delivery waits for its next try, the picture goes nowhere."""
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    await stage.local.wait_for(lambda: any(call.status == 503 for call in stage.local.rest.calls))
    await stage.manager.delete(await stage.now(job))
    await stage.delivered(job)
    assert stage.local.messages() == []
    assert stage.direct() == []


async def test_deleting_while_an_edit_is_on_its_way_wins(stage: Stage) -> None:
    """A delivery that finds its message gone, because the job was deleted, does not go to the member directly."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    stale = await stage.now(job)
    stage.store.files.keep_picture(f"{job.id}:0", png())
    await stage.manager.delete(stale)
    stage.store.files.keep_picture(f"{job.id}:0", png())
    await stage.delivery.deliver(stale)
    assert stage.local.messages() == []
    assert stage.direct() == []


async def test_deleting_while_the_announcement_is_on_its_way_takes_it_away(stage: Stage) -> None:
    """A message that was sent for a job that was deleted meanwhile is taken away again."""
    stage.local.rest.latency = 0.2
    asking = asyncio.create_task(stage.ask())
    await stage.local.wait_for(stage.local.messages)
    (job,) = await stage.store.jobs.undelivered()
    assert job.message_id is None
    await stage.manager.delete(job)
    stage.local.rest.latency = 0.0
    await asking
    await stage.local.wait_for(lambda: not stage.local.messages())


async def test_a_picture_that_is_made_faster_than_it_is_announced_stays(stage: Stage) -> None:
    """Made while the announcement is on its way, it is not replaced by progress or by the words of a later stop."""
    first = await stage.ask()
    await stage.hands.happen(finished(first))  # from now on a picture is looked at within milliseconds
    await stage.delivered(first)
    stage.local.rest.latency = 1.0
    asking = asyncio.create_task(stage.ask(1))
    await stage.local.wait_for(lambda: len(stage.local.messages()) == 2)
    stage.local.rest.latency = 0.0
    (job,) = await stage.store.jobs.undelivered()
    await stage.hands.happen(finished(job))
    assert not asking.done()
    await asking
    await stage.delivered(job)
    await stage.manager.stop(5)
    assert [len(message.attachments) for message in stage.local.messages()] == [1, 1]


def limit_answers(local: LocalDiscord) -> None:
    """Let no interaction's answer be edited for an hour."""
    local.fail(Fault(method="PATCH", path="/webhooks/*", status=429, retry_after=3600.0, times=100))


async def test_a_long_rate_limit_on_progress_does_not_hold_up_the_pictures(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Discord limits the private answer for an hour, the pictures come into the channel all the same."""
    monkeypatch.setattr(delivery, "ANSWERED", 0.3)
    limit_answers(stage.local)
    job = await stage.ask(command=True)
    await stage.local.wait_for(lambda: stage.edits_of_answers(429))
    await stage.hands.happen(finished(job))
    (message,) = await asyncio.wait_for(stage.delivered(job), 10)
    assert len(message.attachments) == 1


async def test_a_long_rate_limit_on_a_private_delivery_lets_others_through(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures for the channel wait their turn behind a private delivery, but not for its whole hour."""
    monkeypatch.setattr(delivery, "UPLOADED", 0.3)
    private = await stage.ask(command=True, private=True)
    await stage.local.wait_for(lambda: stage.edits_of_answers(404))  # its progress cannot be shown here
    limit_answers(stage.local)
    await stage.hands.happen(finished(private))
    await stage.local.wait_for(lambda: stage.edits_of_answers(429))
    other = await stage.ask(1)
    await stage.hands.happen(finished(other))
    (message,) = await asyncio.wait_for(stage.delivered(other), 10)
    assert len(message.attachments) == 1


async def test_deleting_after_the_delivery_takes_all_away(stage: Stage) -> None:
    """Message and files are gone; the picture stays counted, for it was made and delivered."""
    job = await stage.ask()
    await stage.hands.happen(finished(job))
    await stage.delivered(job)
    await stage.manager.delete(await stage.now(job))
    assert stage.local.messages() == []
    assert not list(stage.store.files.pictures.iterdir())
    assert await stage.used() == 1


async def test_an_interaction_delivered_twice_at_once_is_one_job(stage: Stage) -> None:
    """Both deliveries in flight at the same time make one job, one announcement and one reservation."""
    requester = stage.requester()
    await asyncio.gather(*(stage.manager.submit(requester, stage.built()) for _ in range(2)))
    assert len(stage.hands.submitted) == 1
    assert len(stage.local.messages()) == 1
    assert await stage.used() == 1


@pytest.mark.parametrize("refunded_at", [-1, 1], ids=["before midnight", "after midnight"])
async def test_the_days_end_between_reserving_and_refunding(store: Store, make_job: MakeJob, refunded_at: int) -> None:
    """What was reserved before midnight is given back to that day: the next one begins with twenty, never with more."""
    midnight = NOON + timedelta(hours=12)
    job = await store.accept(make_job(pictures=4, at=midnight - timedelta(seconds=2)))
    assert job
    person = Person(user_id=1, guild_id=9)
    moments = [midnight + timedelta(seconds=seconds) for seconds in (-1, 1)]
    if refunded_at > 0:
        assert [(await store.allowance(person, at)).left for at in moments] == [16, 20]
    await store.jobs.take_back(job.id)
    assert [(await store.allowance(person, at)).left for at in moments] == [20, 20]


async def test_a_file_that_is_gone_before_its_delivery_is_made_again(stage: Stage) -> None:
    """As after a backup was put back: the picture is made from its seed once more, at no attempt's cost."""
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    await stage.local.wait_for(lambda: any(call.status == 503 for call in stage.local.rest.calls))
    stage.store.files.picture(f"{job.id}:0").unlink()
    while len(stage.hands.submitted) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert stage.hands.submitted[1] == stage.hands.submitted[0]
    await stage.hands.happen(finished(job))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1
