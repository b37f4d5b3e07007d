"""What stands in the tables of jobs and pictures, as values."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlite_utils import Database as Tables

from bot.quota import Person
from generation import Job, Picture, Request, Sentence, Task


class State(StrEnum):
    """Where a picture stands; the last three are terminal."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({State.FINISHED, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """One picture of a job."""

    id: str
    place: int
    state: State
    attempt: int
    seconds: float | None
    #: why it failed
    reason: Sentence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One command that was accepted."""

    id: str
    #: of the interaction, or of the message if it began with a reply; a second delivery of it finds this row
    interaction_id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    #: the message in the channel that announces the job and will hold its pictures
    message_id: int | None = None
    locale: str
    #: bytes that one file may have in this channel
    upload_limit: int
    request: Request
    #: id of the picture that it started from, if that is one of ours
    parent: str | None = None
    #: on what was received, understood and rounded
    notes: tuple[Sentence, ...] = ()
    #: whether its pictures are shown only to the member, in their private answer
    private: bool = False
    #: whether its pictures are covered until they are pressed
    spoiler: bool = False
    #: of the interaction, by which its private answer is edited for fifteen minutes; None if a message asked
    token: str | None = None
    #: ids of the member's roles in the server
    roles: frozenset[int] = frozenset()
    #: turns in a round of the queue, of the plan that it was accepted under
    priority: int = 1
    created_at: datetime
    delivered: bool = False
    deleted: bool = False
    #: how often the pictures could not be delivered, why not the last time, and when that is tried again
    tries: int = 0
    trouble: str | None = None
    next_try: datetime | None = None
    pictures: tuple[PictureRow, ...] = ()

    @property
    def person(self) -> Person:
        """Whose limits count."""
        return Person(user_id=self.user_id, guild_id=self.guild_id, roles=self.roles)

    @property
    def complete(self) -> bool:
        """Whether no picture is waiting or running any longer."""
        return all(picture.state in TERMINAL for picture in self.pictures)

    def of_state(self, *states: State) -> tuple[PictureRow, ...]:
        """The pictures in one of these states."""
        return tuple(picture for picture in self.pictures if picture.state in states)

    def all_pictures(self) -> tuple[Picture, ...]:
        """Each picture as the queue takes it, at its first attempt."""
        return Job(id=self.id, user_id=self.user_id, priority=self.priority, request=self.request).pictures()

    def to_make(self) -> tuple[Picture, ...]:
        """What the queue has still to be given."""
        return tuple(
            replace(picture, attempt=row.attempt)
            for picture, row in zip(self.all_pictures(), self.pictures, strict=True)
            if row.state not in TERMINAL
        )

    def seed_of(self, row: PictureRow) -> int:
        """The seed that makes this picture again."""
        return self.request.of_picture(row.place).seed

    def at(self, place: int) -> PictureRow | None:
        """The picture at a place, if it is finished."""
        return next((row for row in self.of_state(State.FINISHED) if row.place == place), None)


def job_id_of(picture_id: str) -> str:
    """The id of the job that a picture belongs to; a picture's id is ``job:place``."""
    return picture_id.partition(":")[0]


def dump_sentence(sentence: Sentence) -> str:
    """The sentence as the tables hold it: JSON."""
    return json.dumps([sentence.template, dict(sentence.params)])


def read_job(tables: Tables, row: Mapping[str, Any], inputs: Path) -> JobRow:
    """The job of a row in the table, with its pictures; ``inputs`` is the folder of those that members sent."""
    pictures = tables.query("SELECT * FROM pictures WHERE job_id = ? ORDER BY place", [row["id"]])
    return JobRow(
        id=row["id"],
        interaction_id=row["interaction_id"],
        user_id=row["user_id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        message_id=row["message_id"],
        locale=row["locale"],
        upload_limit=row["upload_limit"],
        request=_load(row["request"], inputs),
        parent=row["parent"],
        notes=tuple(Sentence(template, params) for template, params in json.loads(row["notes"])),
        private=bool(row["private"]),
        spoiler=bool(row["spoiler"]),
        token=row["token"],
        roles=frozenset(json.loads(row["roles"])),
        priority=row["priority"],
        created_at=datetime.fromtimestamp(row["created_at"]).astimezone(),
        delivered=row["delivered_at"] is not None,
        deleted=row["deleted_at"] is not None,
        tries=row["tries"],
        trouble=row["trouble"],
        next_try=datetime.fromtimestamp(row["next_try"]).astimezone() if row["next_try"] else None,
        pictures=tuple(
            PictureRow(
                id=picture["id"],
                place=picture["place"],
                state=State(picture["state"]),
                attempt=picture["attempt"],
                seconds=picture["seconds"],
                reason=Sentence(*json.loads(picture["reason"])) if picture["reason"] else None,
            )
            for picture in pictures
        ),
    )


def dump(request: Request) -> str:
    """The request as the table holds it: JSON, with input pictures by name, so that their folder may move."""
    return json.dumps({**asdict(request), "images": [path.name for path in request.images]})


def _load(text: str, inputs: Path) -> Request:
    values = json.loads(text)
    images = tuple(inputs / name for name in values.pop("images"))
    strengths = tuple(values.pop("strengths", ()))
    loras = tuple((name, weight) for name, weight in values.pop("loras", ()))
    return Request(**{**values, "task": Task(values["task"]), "images": images, "strengths": strengths, "loras": loras})
