"""Fifty members with mixed commands through the local Discord and the real bot, over the load curve of a day."""

import asyncio
import io
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from math import cos, pi
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image
from simcord.backend.models import Message
from simcord.components import walk_components

from sandbox import Asked, CannotDoError, LocalDiscord

from . import watch
from .rig import bot_beside

MEMBERS, QUICK_MEMBERS = 50, 10
FEWEST = 5  # members present at the quietest hour of the day
MINUTES, QUICK_MINUTES = 10.0, 0.4
THINKING = 2.0  # seconds between two commands of one member, on average
PATIENCE = 300.0  # seconds that a member waits for pictures before requesting something else
DRAIN, QUICK_DRAIN = 900.0, 20.0  # seconds at the end in which everything accepted must arrive
STEPS = (4, 6, 8)


async def run(*, quick: bool, minutes: float | None = None, out: Path | None = None) -> dict[str, Any]:
    """Measure acknowledgements, lost and doubled pictures, and by which share memory grew after the first third."""
    seconds = 60 * (minutes or (QUICK_MINUTES if quick else MINUTES))
    async with bot_beside() as (local, folder, pid):
        crowd = Crowd(local, seconds, QUICK_MEMBERS if quick else MEMBERS)
        observer = watch.Watch(pid, folder, crowd.counts)
        watching = asyncio.create_task(observer.run(1.0 if quick else 5.0))
        async with asyncio.TaskGroup() as group:
            for number in range(crowd.members):
                group.create_task(crowd.live(number))
        watching.cancel()
        await crowd.drain(folder, QUICK_DRAIN if quick else DRAIN)
        ended = await asyncio.to_thread(_judge, local, folder / "criar.db")
    times = [milliseconds for _, milliseconds in crowd.acknowledged]
    if out:
        await asyncio.to_thread(watch.plot, observer.samples, crowd.acknowledged, out)
    return {
        "minutes": round(seconds / 60, 1),
        "commands": crowd.asked,
        "by_kind": dict(crowd.kinds),
        "unacknowledged": crowd.asked - len(times),
        "ack_p50_ms": round(float(np.percentile(times, 50)), 1),
        "ack_p99_ms": round(float(np.percentile(times, 99)), 1),
        **ended,
        "bot_mib": round(observer.samples[-1].bot),
        "worker_mib": round(observer.samples[-1].worker),
        "bot_growth": round(observer.growth(lambda sample: sample.bot), 4),
        "worker_growth": round(observer.growth(lambda sample: sample.worker), 4),
        "most_handles_first_half": observer.most(lambda sample: sample.bot_handles, late=False),
        "most_handles_second_half": observer.most(lambda sample: sample.bot_handles, late=True),
        "rows": observer.samples[-1].rows,
    }


def present(members: int, share: float) -> int:
    """How many members are present at a share (0 to 1) of the day, which begins and ends at its quietest hour."""
    return round(FEWEST + (members - FEWEST) * (1 - cos(2 * pi * share)) / 2)


_Action = Callable[[int, random.Random], Awaitable[None]]


@dataclass(slots=True)
class Crowd:
    """The members, and the outcome of their requests."""

    local: LocalDiscord
    seconds: float
    members: int
    began: float = field(default_factory=perf_counter)
    asked: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    #: seconds since the start, milliseconds
    acknowledged: list[tuple[float, float]] = field(default_factory=list)
    _there: int = 0
    _waiting: int = 0

    def counts(self) -> dict[str, float]:
        """Count members present and waiting, for the report."""
        return {"members": self._there, "waiting for pictures": self._waiting}

    async def live(self, number: int) -> None:
        """Live one member's day."""
        chance = random.Random(number)  # noqa: S311
        member = self.local.world.add_member(f"member{number}")
        actions: list[tuple[float, str, _Action]] = [
            (50, "txt2img", self._txt2img),
            (15, "img2img", self._img2img),
            (8, "upscale", self._upscale),
            (10, "cancel", self._cancel),
            (12, "button", self._button),
            (5, "queue", self._queue),
        ]
        weights = [weight for weight, _, _ in actions]
        while (share := (perf_counter() - self.began) / self.seconds) < 1:
            if number >= present(self.members, share):
                await asyncio.sleep(min(1.0, self.seconds / 100))
                continue
            self._there += 1
            (_, kind, action) = chance.choices(actions, weights)[0]
            self.kinds[kind] += 1
            await action(member, chance)
            await asyncio.sleep(chance.expovariate(1 / THINKING))
            self._there -= 1

    async def drain(self, folder: Path, seconds: float) -> None:
        """Wait until everything accepted has arrived, but at most ``seconds``."""
        until = perf_counter() + seconds
        # Another process writes the file, which makes no event.
        while perf_counter() < until and await asyncio.to_thread(_undelivered, folder / "criar.db"):  # noqa: ASYNC110
            await asyncio.sleep(1)

    async def _txt2img(self, member: int, chance: random.Random) -> None:
        asked = await self._make(member, "txt2img", self._words(chance) | {"count": chance.choice([1, 1, 1, 2, 4])})
        await self._arrival(asked)

    async def _img2img(self, member: int, chance: random.Random) -> None:
        options = self._words(chance) | {"image": _photo(chance), "strength": f"{chance.choice([0.3, 0.5, 0.8])}"}
        await self._arrival(await self._make(member, "img2img", options))

    async def _upscale(self, member: int, chance: random.Random) -> None:
        await self._arrival(await self._make(member, "upscale", {"image": _photo(chance), "factor": 2}))

    async def _cancel(self, member: int, chance: random.Random) -> None:
        """Make a request, and cancel it after a while."""
        asked = await self._make(member, "txt2img", self._words(chance) | {"count": 2})
        await asyncio.sleep(chance.uniform(0, 4))
        if asked.message and (custom_id := _custom_id(asked.message, "job:cancel:")):
            await self._acknowledged(self._press(member, asked.message, custom_id))
        await self._arrival(asked)

    async def _button(self, member: int, chance: random.Random) -> None:
        """Press a button under a picture in the channel: the member's own or another's."""
        latest = self.local.people.messages(member, self.local.world.channel_id, 30)
        messages = [message for message in latest if message.attachments]
        kinds = ("job:again:", "job:details:", "pic:refine", "pic:enlarge", "pic:vary")
        found = [custom_id for kind in kinds for each in messages if (custom_id := _custom_id(each, kind))]
        if not found:
            return
        custom_id = chance.choice(found)
        message = next(each for each in messages if _custom_id(each, custom_id))
        asked = self._press(member, message, custom_id)
        await self._acknowledged(asked)
        if "details" not in custom_id:
            await self._arrival(asked)

    async def _queue(self, member: int, _: random.Random) -> None:
        await self._make(member, "queue", {})

    def _words(self, chance: random.Random) -> dict[str, Any]:
        thing, ground = chance.choice(("cat", "apple", "star", "house")), chance.choice(("blue", "green", "red"))
        return {"prompt": f"a {thing} on a {ground} background", "num_inference_steps": chance.choice(STEPS)}

    async def _make(self, member: int, path: str, options: dict[str, Any]) -> Asked:
        asked = self.local.people.slash(member, self.local.world.channel_id, path, options)
        await self._acknowledged(asked)
        return asked

    def _press(self, member: int, message: Message, custom_id: str) -> Asked | None:
        try:
            return self.local.people.press(member, message, custom_id)
        except CannotDoError:
            return None  # the message has been edited meanwhile

    async def _acknowledged(self, asked: Asked | None) -> None:
        if asked is None:
            return
        self.asked += 1
        try:
            await self.local.wait_for(lambda: asked.milliseconds is not None, 10)
        except TimeoutError:
            return
        self.acknowledged.append((perf_counter() - self.began, asked.milliseconds or 0.0))

    async def _arrival(self, asked: Asked | None) -> None:
        """Wait until the private answer is final, as a member does before the next request."""
        if asked is None:
            return
        self._waiting += 1
        left = self.began + self.seconds - perf_counter()
        with suppress(TimeoutError):
            await self.local.wait_for(lambda: _is_final(asked), max(0.0, min(PATIENCE, left)))
        self._waiting -= 1


def _is_final(asked: Asked) -> bool:
    """Whether the answer is final: its buttons are gone."""
    return not asked.loading and not (asked.message and _custom_id(asked.message, "job:cancel:"))


def _custom_id(message: Message, begin: str) -> str | None:
    """The first custom_id under the message that starts with ``begin``."""
    ids = (str(component.get("custom_id", "")) for component in walk_components(message.components))
    return next((each for each in ids if each.startswith(begin)), None)


def _photo(chance: random.Random) -> tuple[str, bytes]:
    """A small picture to upload."""
    file = io.BytesIO()
    colour = chance.randrange(256), chance.randrange(256), chance.randrange(256)
    Image.new("RGB", (256, 256), colour).save(file, "PNG")
    return "photo.png", file.getvalue()


def _undelivered(database: Path) -> bool:
    """Whether a member still waits for a job."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        sql = "SELECT count(*) FROM jobs WHERE delivered_at IS NULL AND deleted_at IS NULL"
        return bool(connection.execute(sql).fetchone()[0])


def _judge(local: LocalDiscord, database: Path) -> dict[str, int]:
    """Compare what the bot accepted with what is in the channel."""
    shown: Counter[str] = Counter()
    messages: Counter[str] = Counter()
    for message in local.messages():
        if message.attachments and (custom_id := _custom_id(message, "job:details:")):
            shown[custom_id.rsplit(":", 1)[1]] += len(message.attachments)
            messages[custom_id.rsplit(":", 1)[1]] += 1
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        jobs = dict(
            connection.execute(
                "SELECT job_id, count(*) FILTER (WHERE state = 'finished') FROM pictures GROUP BY job_id"
            ).fetchall()
        )
        states = dict(connection.execute("SELECT state, count(*) FROM pictures GROUP BY state").fetchall())
    return {
        "jobs": len(jobs),
        **{state: states.get(state, 0) for state in ("finished", "cancelled", "failed", "waiting", "running")},
        "lost": sum(max(0, made - shown[job]) for job, made in jobs.items()),
        "doubled": sum(max(0, shown[job] - made) for job, made in jobs.items())
        + sum(number - 1 for number in messages.values()),
    }
