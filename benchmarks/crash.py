"""Kills the bot at random moments under a steady stream of requests, and counts what is lost or comes twice.

The real bot and its worker against the local Discord: SIGKILL, start again, and so on. Afterwards everything that must
agree is compared: what the database accepted, what is in the channel, and what counts against members' limits.
"""

import asyncio
import shlex
import signal
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil
from simcord.backend.models import Message
from simcord.components import walk_components

from bot.config import load
from bot.quota import Person
from bot.store import JobRow, State, Store
from sandbox import Call, CannotDoError, LocalDiscord

from .rig import GENEROUS, start_bot

MEMBERS = 20
EVERY = 0.5  # seconds between two requests
WAITING = 30  # requests under way at the same time; more wait until some are done
#: when the bot is killed: up to SECONDS after its start; for a SHARE of the kills within a second after it delivered up
#: to JOBS further jobs
SECONDS, SHARE, JOBS = 6.0, 0.15, 10
PATIENCE = 120.0  # seconds to wait for these deliveries
LATENCY = 0.2  # seconds before each answer of Discord, so that many kills fall between a request and its answer
DRAINING = 900.0  # seconds for what is left after the last kill
ENDING = 15.0  # seconds that child processes may take to end after their bot
CANCELS = 0.1  # share of requests followed by a cancellation


@dataclass(slots=True)
class _Rig:
    """A local Discord, and a bot that is killed and started on the same folder."""

    local: LocalDiscord
    folder: Path
    process: asyncio.subprocess.Process | None = None
    #: every child process that a bot ever had, and its command line
    children: dict[psutil.Process, str] = field(default_factory=dict)
    asked: int = 0

    @property
    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / 'data' / 'criar.db'}?mode=ro", uri=True, timeout=30)

    async def start(self) -> None:
        with (self.folder / "bot.log").open("ab") as log:
            self.process = await start_bot(self.local, self.folder / "config.toml", log)

    async def end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                self.children[child] = shlex.join(child.cmdline())
        self.process.send_signal(number)
        await self.process.wait()
        self.process = None

    async def delivers(self, jobs: int) -> None:
        """Wait until the bot has delivered ``jobs`` jobs, or PATIENCE has passed."""
        calls = self.local.rest.calls
        begun = perf_counter()
        with suppress(TimeoutError):
            await self.local.wait_for(
                lambda: sum(_delivers(call) for call in calls if call.at > begun) >= jobs, PATIENCE
            )

    def undelivered(self) -> int:
        """Number of jobs that members still wait for; 0 if there is no database yet."""
        with suppress(sqlite3.OperationalError):
            (count,) = self.database.execute(
                "SELECT count(*) FROM jobs WHERE delivered_at IS NULL AND deleted_at IS NULL"
            ).fetchone()
            return int(count)
        return 0


async def run(*, quick: bool, kills: int) -> dict[str, Any]:
    """Kill the bot ``kills`` times and count pictures; lost, doubled and everything wrong must be 0."""
    kills = min(kills, 5) if quick else kills
    began = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        async with LocalDiscord() as local:
            rig = _Rig(local, Path(folder))
            config = f'[discord]\napi = "{local.api}"\n[storage]\nfolder = "{folder}/data"\n{GENEROUS}'
            (rig.folder / "config.toml").write_text(config)
            local.rest.latency = LATENCY
            try:
                await _kill(rig, kills)
                await rig.end(signal.SIGTERM)
                figures = await _compare(rig)
            finally:
                await rig.end(signal.SIGKILL)
    return {"kills": kills, "asked": rig.asked, **figures, "seconds": round(perf_counter() - began)}


async def _kill(rig: _Rig, kills: int) -> None:
    """Kill and start the bot ``kills`` times, then let it deliver what is left."""
    chance = np.random.default_rng()
    await rig.start()
    await rig.local.connected()
    asking = asyncio.create_task(_ask(rig))
    for number in range(kills):
        late = chance.random() < SHARE
        if late:
            await rig.delivers(int(chance.integers(1, JOBS + 1)))
        await asyncio.sleep(chance.uniform(0, 1 if late else SECONDS))
        await rig.end(signal.SIGKILL)
        await rig.start()
        print(f"kill {number + 1}: asked {rig.asked}, under way {rig.undelivered()}", file=sys.stderr, flush=True)
    asking.cancel()
    async with asyncio.timeout(DRAINING):
        while rig.undelivered():  # noqa: ASYNC110 - another process's database makes no event
            await asyncio.sleep(0.5)


async def _ask(rig: _Rig) -> None:
    """Send a steady stream of requests, some of which are cancelled."""
    local = rig.local
    chance = np.random.default_rng()
    members = [local.world.add_member(f"member{number}") for number in range(MEMBERS)]
    while True:
        await asyncio.sleep(EVERY)
        if not local.gateway.connected or rig.undelivered() >= WAITING:
            continue
        rig.asked += 1
        member = members[chance.integers(MEMBERS)]
        options = {"prompt": f"a cat, {rig.asked}", "num_inference_steps": 2, "count": int(chance.choice((1, 1, 2)))}
        local.people.slash(member, local.world.channel_id, "txt2img", options)
        if chance.random() < CANCELS:
            _cancel_one(rig)


def _delivers(call: Call) -> bool:
    return call.method == "PATCH" and call.path.startswith("/channels/") and call.content_type.startswith("multipart/")


def _cancel_one(rig: _Rig) -> None:
    """Press the cancel button of the latest job that still has one."""
    for message in reversed(rig.local.messages()):
        for part in walk_components(message.components):
            if str(part.get("custom_id", "")).startswith("job:cancel:"):
                with suppress(CannotDoError):
                    rig.local.people.press(rig.local.world.members["milo"], message, part["custom_id"])
                return


async def _compare(rig: _Rig) -> dict[str, Any]:
    """Compare what should agree: the database, the channels, the members' limits, and what is left behind."""
    store = Store(load(rig.folder / "config.toml"))
    await store.open()
    ids = [row[0] for row in rig.database.execute("SELECT id FROM jobs")]
    jobs = [job for job in [await store.jobs.get(each) for each in ids] if job]
    found = sum((_count(job, _messages(rig, job)) for job in jobs), Counter())
    delivered = Counter(dict.fromkeys(rig.local.world.members.values(), 0))
    for job in jobs:
        delivered[job.user_id] += _delivered(job, _messages(rig, job))
    now, guild = datetime.now(UTC), rig.local.world.guild_id
    used = {user: (await store.allowance(Person(user_id=user, guild_id=guild), now)).used for user in delivered}
    await store.close()
    orphans = await _orphans(rig.children)
    names = ("accepted", "delivered", "refunded", "lost", "doubled", "announced_twice")
    return {name: found[name] for name in names} | {
        "quotas_wrong": sum(used[user] != delivered[user] for user in delivered),
        "orphans": len(orphans),
        "orphans_were": orphans,
        "half_written": len([*(rig.folder / "data").rglob("*.part")]),
        "integrity": rig.database.execute("PRAGMA integrity_check").fetchone()[0],
    }


async def _orphans(children: Mapping[psutil.Process, str]) -> list[str]:
    """Command lines of the child processes that do not end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING):
            while any(map(_lives, children)):  # noqa: ASYNC110 - the end of another process's child makes no event
                await asyncio.sleep(0.1)
    return [f"{child.pid}: {line}" for child, line in children.items() if _lives(child)]


def _lives(child: psutil.Process) -> bool:
    """Whether the process still runs; a reused process id or a zombie does not count."""
    try:
        return bool(child.is_running() and child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _messages(rig: _Rig, job: JobRow) -> list[Message]:
    """All messages that show a job, public or private, except ephemeral ones."""
    ids = {f"job:{action}:{job.id}" for action in ("cancel", "delete")}
    return [
        message
        for channel in rig.local.world.backend.messages.values()
        for message in channel.values()
        if not message.is_ephemeral and ids & {part.get("custom_id") for part in walk_components(message.components)}
    ]


def _copies(job: JobRow, place: int, messages: list[Message]) -> int:
    name = f"criar-{place + 1}-{job.request.of_picture(place).seed}."
    return sum(file["filename"].startswith(name) for message in messages for file in message.attachments)


def _delivered(job: JobRow, messages: list[Message]) -> int:
    return sum(_copies(job, row.place, messages) > 0 for row in job.pictures)


def _count(job: JobRow, messages: list[Message]) -> Counter[str]:
    """Count one job's pictures: each must have come once, or have been given back with a sentence."""
    figures = Counter(accepted=len(job.pictures), announced_twice=max(0, len(messages) - 1))
    explained = any("not counted" in message.content for message in messages)
    for row in job.pictures:
        copies = _copies(job, row.place, messages)
        figures["delivered"] += copies > 0
        figures["doubled"] += max(0, copies - 1)
        given_back = not copies and explained and row.state in (State.FAILED, State.CANCELLED)
        figures["refunded"] += given_back
        figures["lost"] += not copies and not given_back
    return figures
