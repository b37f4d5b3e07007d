"""The fair queue: who is served next. Pure and synchronous; it has no clock of its own.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) over members: each member's next picture has a start tag, the
lowest tag is served, and serving moves the member's tag on by 1 / priority. A member who comes anew starts at the tag
that was served last, so he is before everybody who was served since, and nobody saves up turns by being away. Waiting
lowers a tag by one turn every AGEING seconds, so that no stream of newcomers keeps an old picture waiting for ever. It
counts from the member's last turn and not from when the picture came: else whoever brings many at once would age them
all together, and go before later comers by as many turns as he has waited.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import count
from math import ceil

from .types import Picture

AGEING = 120.0  # seconds of waiting that are worth one turn
LOOK_AHEAD = 32  # members among whom a model that is already loaded is preferred
PATIENCE = 32  # times that a member may be passed over for that


@dataclass(slots=True)
class _Member:
    """One member's waiting pictures, oldest first."""

    waiting: deque[Picture] = field(default_factory=deque)
    #: start tag of his next picture
    start: float = 0.0
    #: when he began to wait for his next turn
    since: float = 0.0
    passed_over: int = 0

    @property
    def tag(self) -> float:
        """The order of service: start tag and ageing; comparing sums of both orders them at every moment alike."""
        return self.start + self.since / AGEING


class FairQueue:
    """Pictures that wait, handed out fairly."""

    def __init__(self) -> None:
        self._members: dict[int, _Member] = {}
        #: (tag, number, user_id); entries whose tag is out of date are skipped
        self._order: list[tuple[float, int, int]] = []
        self._numbers = count()
        self._served = 0.0
        self._user_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._user_of)

    def push(self, picture: Picture, now: float) -> None:
        """Add a picture at ``now`` (seconds of any steady clock). Raises ValueError where it waits already."""
        if picture.id in self._user_of:
            raise ValueError(f"picture {picture.id} is in the queue already")
        member = self._members.setdefault(picture.user_id, _Member())
        self._user_of[picture.id] = picture.user_id
        member.waiting.append(picture)
        if len(member.waiting) == 1:
            member.start, member.since = max(member.start, self._served), now
            self._enter(picture.user_id, member)

    def cancel(self, picture_id: str) -> Picture | None:
        """Take a picture out; None where it does not wait."""
        user_id = self._user_of.pop(picture_id, None)
        if user_id is None:
            return None
        waiting = self._members[user_id].waiting
        picture = next(picture for picture in waiting if picture.id == picture_id)
        waiting.remove(picture)
        return picture

    def next(
        self, now: float, resident: Collection[str] = (), suits: Callable[[Picture], bool] = lambda _: True
    ) -> Picture | None:
        """The picture to be made next, among the next members' pictures that ``suits`` accepts; None where none does.

        ``now`` is of the clock that push() was told.
        Within the look-ahead a model that is ``resident`` is preferred, unless somebody was passed over too often.
        """
        candidates = self._candidates()
        for _, _, user_id in candidates:
            heapq.heappush(self._order, (self._members[user_id].tag, next(self._numbers), user_id))
        users = [user_id for _, _, user_id in candidates if suits(self._members[user_id].waiting[0])]
        if not users:
            return None
        chosen = users[0]
        if self._members[chosen].passed_over < PATIENCE:
            chosen = next((user for user in users if self._members[user].waiting[0].request.model in resident), chosen)
        for user_id in users[: users.index(chosen)]:
            self._members[user_id].passed_over += 1
        return self._serve(chosen, now)

    def ahead(self, picture_id: str) -> int | None:
        """How many pictures are handed out before this one, if nobody comes; None where it does not wait."""
        user_id = self._user_of.get(picture_id)
        if user_id is None:
            return None
        mine = self._members[user_id]
        before = next(place for place, picture in enumerate(mine.waiting) if picture.id == picture_id)
        tag = mine.tag + before / mine.waiting[0].priority
        others = (member for user, member in self._members.items() if member.waiting and user != user_id)
        return before + sum(
            min(len(member.waiting), max(0, ceil((tag - member.tag) * member.waiting[0].priority))) for member in others
        )

    def _enter(self, user_id: int, member: _Member) -> None:
        heapq.heappush(self._order, (member.tag, next(self._numbers), user_id))

    def _candidates(self) -> list[tuple[float, int, int]]:
        """Take the first members out of the order, each once, leaving out entries that are out of date."""
        found: dict[int, tuple[float, int, int]] = {}
        while self._order and len(found) < LOOK_AHEAD:
            entry = heapq.heappop(self._order)
            member = self._members.get(entry[2])
            if member and member.waiting and entry[0] == member.tag:
                found.setdefault(entry[2], entry)
        return list(found.values())

    def _serve(self, user_id: int, now: float) -> Picture:
        member = self._members[user_id]
        picture = member.waiting.popleft()
        del self._user_of[picture.id]
        member.passed_over = 0
        self._served = max(self._served, member.start)
        member.start += 1 / picture.priority
        member.since = now
        if member.waiting:
            self._enter(user_id, member)
        return picture
