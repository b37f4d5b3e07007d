"""A member's thousand requests at once, over several processes on one database, while the command line writes too."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from bot.config import load
from bot.quota import Person
from bot.store import Store
from tests.bot.command_line import ROOT
from tests.bot.factory import NOON

PROCESSES, TASKS = 4, 250

#: one process of the bot's side: connects, says so, waits for a line, then sends all its requests at once
RUSH = f"""
import asyncio, json, sys
from datetime import datetime
from pathlib import Path
from bot.config import load
from bot.errors import Refusal
from bot.store import JobRow, Store
from generation import Request, Task

async def main(config, number):
    store = Store(load(Path(config)))
    await store.open()
    def job(task):
        of = number * {TASKS} + task
        return JobRow(id=f"{{of:012x}}", interaction_id=1 + of, user_id=1, guild_id=9, channel_id=5, locale="en-US",
            upload_limit=10, request=Request(task=Task.TXT2IMG, model="criar-embedded", prompt="a cat"),
            created_at=datetime.fromisoformat({NOON.isoformat()!r}))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    results = await asyncio.gather(*(store.accept(job(task)) for task in range({TASKS})), return_exceptions=True)
    await store.close()
    print(json.dumps({{
        "accepted": sum(isinstance(result, JobRow) for result in results),
        "refused": sum(isinstance(result, Refusal) for result in results),
        "other": [repr(result) for result in results if not isinstance(result, JobRow | Refusal)],
    }}))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""

#: the operator at his command line, who cannot make up his mind until a line comes
OPERATOR = """
import sys, threading
from bot.cli.main import app

told, changes = threading.Event(), 0
threading.Thread(target=lambda: (sys.stdin.readline(), told.set())).start()
while not told.is_set():
    for words in (["set", "1", "20"], ["unset", "1"]):
        app(["quota", *words, "--reason", "rush", "--config", sys.argv[1]], standalone_mode=False)
        changes += 1
    if changes == 2:
        print("ready", flush=True)
print(changes)
"""


async def start(code: str, *arguments: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdout
    async for line in process.stdout:
        if line == b"ready\n":
            return process
    raise AssertionError("it ended before it was ready")


@pytest.mark.slow
async def test_a_thousand_requests_at_once_with_twenty_left_make_twenty_images(tmp_path: Path) -> None:
    """Four processes of 250 tasks accept twenty together and refuse the rest, while the command line writes as well."""
    file = tmp_path / "config.toml"
    file.write_text(f'[storage]\nfolder = "{tmp_path / "data"}"\n')
    store = Store(load(file))
    await store.open()
    operator, *processes = [await start(OPERATOR, str(file))] + [
        await start(RUSH, str(file), str(number)) for number in range(PROCESSES)
    ]
    before = len(await store.audit.page(None, None, 10_000))
    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    written, _ = await operator.communicate(b"enough\n")
    found = [json.loads(answer) for answer, _ in answers]
    assert [each["other"] for each in found] == [[]] * PROCESSES
    assert sum(each["accepted"] for each in found) == 20
    assert sum(each["refused"] for each in found) == PROCESSES * TASKS - 20
    allowed = await store.allowance(Person(user_id=1, guild_id=9), NOON)
    assert (allowed.limit, allowed.used, allowed.left) == (20, 20, 0)
    entries = len(await store.audit.page(None, None, 10_000))
    assert entries == int(written.split()[-1]) > before
    await store.close()
