"""What members are told while they wait."""

import asyncio
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import pytest

from bot.jobs import progress
from bot.jobs.pace import Pace
from bot.jobs.progress import ProgressBoard
from bot.jobs.waiting_time import describe_place
from bot.store import PictureRow, State
from bot.text.translate import speaker
from generation import Enlarging, Event, Finished, Progress, Started
from tests.bot.factory import MakeJob


@dataclass
class Queue:
    """Stands for a service whose device is busy."""

    places: int | None
    seconds: float | None
    fetches: bool = False
    works: bool = True
    loads: bool = False

    def loads_model(self, _: str) -> bool:
        return self.loads

    def can_make(self) -> bool:
        return self.works

    def lacks_model(self, _: str) -> bool:
        return self.fetches

    def ahead(self, _: str) -> int | None:
        return self.places

    def estimate(self, _: str) -> float | None:
        return self.seconds

    def left(self, _: str) -> float | None:
        return self.seconds


@pytest.mark.parametrize(
    ("ahead", "seconds", "told"),
    [
        (None, None, "You are next."),
        (0, 0.2, "You are next."),
        (0, 45.3, "You are next. About 45 s to wait."),
        (1, None, "1 picture is ahead of yours."),
        (7, 12.0, "7 pictures are ahead of yours. About 12 s to wait."),
        (90, 610.0, "90 pictures are ahead of yours. About 10 min to wait."),
    ],
)
def test_the_wait_is_told_where_it_is_known(ahead: int | None, seconds: float | None, told: str) -> None:
    """Place and wait are told together, long waits in minutes."""
    queue: Any = Queue(ahead, seconds)
    assert describe_place(speaker("en-US"), queue, "job:0") == told


def test_whoever_waits_for_a_model_is_told_so() -> None:
    """Their place in the queue would say that they are next for as long as the model is being downloaded."""
    queue: Any = Queue(0, 3.0, fetches=True)
    assert describe_place(speaker("en-US"), queue, "job:0").startswith("The model is being downloaded")


def test_whoever_waits_for_a_model_to_be_loaded_is_told_so() -> None:
    """Nobody is “next” for half a minute; those who are not the first are told how many are, too."""
    first: Any = Queue(0, 20.0, loads=True)
    assert describe_place(speaker("en-US"), first, "job:0") == "The model is being loaded. About 20 s to wait."
    second: Any = Queue(1, None, loads=True)
    assert describe_place(speaker("en-US"), second, "job:0") == "1 picture is ahead of yours."


def test_whoever_waits_for_a_device_that_does_not_work_is_not_told_that_they_are_next() -> None:
    """Nobody knows how long that takes, so neither a place nor a time is said."""
    queue: Any = Queue(0, 3.0, works=False)
    assert describe_place(speaker("en-US"), queue, "job:0").startswith("Pictures cannot be made just now")


async def test_pictures_of_different_strengths_share_one_bar(make_job: MakeJob) -> None:
    """Members 20: one is done with its 4 steps, one stands at 12 of 16: 88% of both, and no step."""
    shown = asyncio.Queue[str]()
    job = make_job(pictures=2)
    rows = [
        PictureRow(id=f"{job.id}:{place}", place=place, state=State.RUNNING, attempt=1, seconds=None, reason=None)
        for place in range(2)
    ]
    job = replace(job, pictures=tuple(rows))

    async def edit(**fields: Any) -> None:
        shown.put_nowait(fields["content"])

    busy: Any = Queue(None, None)
    nobody: Any = None  # no preview is looked at
    board = ProgressBoard(busy, nobody, nobody)
    board.open(job.id)
    board.follow(job, edit, Pace(burst=4, every=1.0))
    for place, (step, of) in enumerate([(4, 4), (12, 16)]):
        board.update(Progress(picture_id=f"{job.id}:{place}", attempt=1, step=step, of=of))
    words = await asyncio.wait_for(shown.get(), 30)
    await board.close()
    assert "` 88%" in words
    assert "step" not in words
    assert "2 of 2 begun" in words


async def test_the_more_jobs_wait_the_less_often_each_is_told_its_place(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty waiting jobs may together be told a hundred places a second, so each waits 0.4 s for its second one."""
    monkeypatch.setattr(progress, "FIRST_REFRESH", 0.01)
    monkeypatch.setattr(progress, "REFRESHES", 100.0)
    places: Any = Queue(0, None)
    nobody: Any = None  # there are no previews
    again, told = asyncio.Event(), list[str]()

    async def edit(**fields: Any) -> None:
        places.places = len(told)
        told.append(fields["content"])
        if len(told) > 40:
            again.set()

    board = ProgressBoard(places, nobody, nobody)
    began = monotonic()
    row = PictureRow(id="waiting:0", place=0, state=State.WAITING, attempt=1, seconds=None, reason=None)
    for number in range(40):
        job = replace(make_job(), id=f"{number:012x}", pictures=(row,))
        board.open(job.id)
        board.follow(job, edit, Pace(burst=100, every=0.01, gap=0.0))
    await asyncio.wait_for(again.wait(), 30)
    assert monotonic() - began >= 0.4
    await board.close()


@pytest.mark.parametrize("stopped", [True, False])
async def test_the_pictures_come_after_all_that_is_said_in_their_message(make_job: MakeJob, stopped: bool) -> None:
    """However many end a job while an edit is under way, as a stop, a cancel and its last picture, all wait for it."""
    said, editing, answered = list[str](), asyncio.Event(), asyncio.Event()

    async def edit(**fields: Any) -> None:
        editing.set()
        await answered.wait()
        said.append(fields["content"])

    async def deliver() -> None:
        await board.end(job.id)
        said.append("the pictures")

    places: Any = Queue(0, None)
    nobody: Any = None  # there are no previews
    board = ProgressBoard(places, nobody, nobody)
    row = PictureRow(id="ending:0", place=0, state=State.WAITING, attempt=1, seconds=None, reason=None)
    job = replace(make_job(), pictures=(row,))
    board.open(job.id)
    board.follow(job, edit, Pace(burst=4, every=1.0))
    await asyncio.wait_for(editing.wait(), 30)
    ending = []
    for each in (board.close("the last words") if stopped else board.end(job.id), deliver(), board.close("too late")):
        ending.append(asyncio.create_task(each))
        done, _ = await asyncio.wait(ending, timeout=0.05)
        assert not done
    answered.set()
    await asyncio.wait_for(asyncio.gather(*ending), 30)
    assert said == ["You are next.", *(["the last words"] if stopped else []), "the pictures"]


async def test_every_stage_shows_itself_with_the_time_left(make_job: MakeJob) -> None:
    """Members 3: enlarging first, the steps, enlarging after them, the output filter's look, and the upload."""
    told, edited = list[str](), asyncio.Event()

    async def edit(**fields: Any) -> None:
        told.append(fields["content"])
        edited.set()

    places: Any = Queue(None, 45.0)
    nobody: Any = None  # there are no previews
    board = ProgressBoard(places, nobody, nobody)
    row = PictureRow(id=f"{'a' * 12}:0", place=0, state=State.RUNNING, attempt=1, seconds=None, reason=None)
    job = replace(make_job(), id="a" * 12, pictures=(row,))
    known: dict[str, Any] = {"picture_id": row.id, "attempt": 1}
    events: list[Event] = [
        Started(**known),
        Started(**known),
        Enlarging(**known, done=2, of=4),
        Progress(**known, step=1, of=4),
        Enlarging(**known, done=0, of=1),
        Finished(**known, png=b"", seed=1, seconds=1.0),
    ]
    board.open(job.id)
    board.follow(job, edit, Pace(burst=20, every=0.01, gap=0.0))
    await asyncio.wait_for(edited.wait(), 30)
    for number, event in enumerate(events):
        edited.clear()
        places.loads = number == 0
        board.update(event)
        await asyncio.wait_for(edited.wait(), 30)
    await board.end(job.id, uploading=True)
    stages = [words.partition("\n")[0].removesuffix(" About 45 s left.") for words in told]
    assert stages == [
        "You are next. About 45 s to wait.", "The model is being loaded.", "It is being made now.", "Enlarging …",
        "Making your picture",
        "Enlarging …", "Checking your picture …", "Uploading …",
    ]  # fmt: skip
    assert "██████████░░░░░░░░░░` About 45 s left." in told[3]
    assert told[4].endswith("step 1 of 4 About 45 s left.")
