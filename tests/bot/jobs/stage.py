"""The job manager on a local Discord, with a real store and delivery; the test plays the worker."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import discord
from PIL import Image
from simcord.backend.models import Message

from bot.jobs.delivery import Delivery
from bot.jobs.manager import JobManager
from bot.quota import Person
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import JobRow, Store
from generation import Cancelled, Event, Failed, Finished, Picture, Request, Task
from sandbox import Fault, LocalDiscord
from sandbox.rest import Call

ANNOUNCEMENTS = "/channels/*/messages"
EDITS = "/channels/*/messages/*"


class Hands:
    """Stands where the service would: the test says what happens to the pictures, and when."""

    def __init__(self) -> None:
        self.submitted: list[Picture] = []
        self.cancelled: list[str] = []
        self.works = True
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def submit(self, pictures: Sequence[Picture]) -> None:
        self.submitted += pictures

    def cancel(self, picture_id: str) -> None:
        self.cancelled.append(picture_id)

    def can_make(self) -> bool:
        return self.works

    def lacks_model(self, _: str) -> bool:
        return False

    def loads_model(self, _: str) -> bool:
        return False

    def ahead(self, _: str) -> int:
        return 0

    def left(self, _: str) -> float | None:
        return None

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
    client: discord.Client

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
        """Let the first try to deliver the job fail; the edit before it, which shows the member's place, succeeds."""
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
