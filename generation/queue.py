"""The fair queue: who is served next. Pure and synchronous; the caller passes the time in.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) over members: each member's next picture has a start tag, the
lowest tag is served, and serving moves the member's tag on by 1 / priority. A newcomer starts at the tag that was
served last, so they go before everybody who was served since, and nobody saves up turns by being away. Waiting lowers a
tag by one turn every AGEING seconds, so that no stream of newcomers can keep an old picture waiting for ever. Ageing
counts from the member's last turn, not from when the picture came: otherwise somebody who queues many pictures at once
would age them all together and overtake later arrivals by as many turns as they had waited.

Loading a model takes longer than making a picture, so a member whose model is loaded may go before others, but by at
most LEAD turns, which keeps the shares fair. Nobody is passed over for more than PATIENCE rounds either: making that
many pictures takes no longer than loading a model for each member of a round.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from math import ceil, floor

from .types import Picture

AGEING = 120.0  # seconds of waiting that are worth one turn; after as many a member who went away is forgotten
LOOK_AHEAD = 64  # members among whom a model that is already loaded is preferred
LEAD = 8  # turns that such a member may be ahead of whoever is next
PATIENCE = 3  # times the number of waiting members (at most LOOK_AHEAD): how often one may be passed over

#: place in the order of service, number of the entry, user_id
_Entry = tuple[float, int, int]


@dataclass(slots=True)
class _Member:
    """One member and their waiting pictures."""

    #: by picture id, oldest first
    waiting: OrderedDict[str, Picture] = field(default_factory=OrderedDict)
    #: turns in a round, as the latest picture says
    priority: int = 1
    #: start tag of the next picture
    start: float = 0.0
    #: when the wait for the next turn began
    since: float = 0.0
    #: start tag plus ageing; a sum of both orders members the same at every moment
    tag: float = 0.0
    #: how often since then others were preferred
    passed_over: int = 0
    #: number of the current entry in the heap; earlier entries are out of date
    entry: int = -1

    @property
    def first(self) -> Picture:
        """The picture that is served next."""
        return next(iter(self.waiting.values()))


class FairQueue:
    """Waiting pictures, handed out fairly."""

    def __init__(self) -> None:
        """Start with no picture waiting."""
        self._members: dict[int, _Member] = {}
        #: a heap: an entry for each member with pictures waiting, and entries that are out of date
        self._order: list[_Entry] = []
        self._numbers = count()
        #: the highest start tag that was served
        self._served = 0.0
        #: how many members have pictures waiting
        self._waiting = 0
        self._user_of: dict[str, int] = {}
        #: members with nothing waiting, each with the time of their last turn
        self._away: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        """Return how many pictures wait."""
        return len(self._user_of)

    def push(self, picture: Picture, now: float) -> None:
        """Add a picture at ``now`` (seconds of any steady clock). Raises ValueError if it is waiting already."""
        if picture.id in self._user_of:
            raise ValueError(f"picture {picture.id} is in the queue already")
        self._forget(now)
        member = self._members.setdefault(picture.user_id, _Member())
        self._user_of[picture.id] = picture.user_id
        member.waiting[picture.id] = picture
        member.priority = picture.priority
        if len(member.waiting) == 1:
            self._waiting += 1
            member.start = max(member.start, self._served)
            self._enter(picture.user_id, member, now)

    def get(self, picture_id: str) -> Picture | None:
        """Return a waiting picture; None if it is not waiting."""
        user_id = self._user_of.get(picture_id)
        return None if user_id is None else self._members[user_id].waiting[picture_id]

    def cancel(self, picture_id: str) -> Picture | None:
        """Remove a waiting picture and return it; None if it is not waiting."""
        user_id = self._user_of.pop(picture_id, None)
        if user_id is None:
            return None
        member = self._members[user_id]
        picture = member.waiting.pop(picture_id)
        if not member.waiting:
            self._leave(user_id, member)
        return picture

    def next(
        self, now: float, resident: Collection[str] = (), suits: Callable[[Picture], bool] = lambda _: True
    ) -> Picture | None:
        """Remove and return the picture to make next, of those that ``suits`` accepts; None if there is none.

        ``now`` is of the same clock as in push(). Among the next LOOK_AHEAD members a picture whose model is
        ``resident`` (loaded) is preferred, unless somebody has been passed over too often.
        """
        entries: list[_Entry] = []
        found: list[_Entry] = []
        chosen = None
        patience = PATIENCE * min(self._waiting, LOOK_AHEAD)
        while len(entries) < LOOK_AHEAD and (entry := self._pop()):
            entries.append(entry)
            member = self._members[entry[2]]
            if not suits(member.first):
                continue
            found.append(entry)
            if member.first.request.model in resident and entry[0] <= found[0][0] + LEAD:
                chosen = entry
                break
            if member.passed_over >= patience:
                break
        chosen = chosen or next(iter(found), None)
        for entry in entries:
            if entry is not chosen:
                heapq.heappush(self._order, entry)
        if chosen is None:
            return None
        for _, _, user_id in found[: found.index(chosen)]:
            self._members[user_id].passed_over += 1
        return self._serve(chosen[2], now)

    def ahead(self, picture_id: str, now: float) -> int | None:
        """Return how many pictures are served before this one if nobody else comes; None if it is not waiting.

        Counted, not sorted: off by at most one picture for each waiting member.
        """
        user_id = self._user_of.get(picture_id)
        if user_id is None:
            return None
        mine = self._members[user_id]
        before = next(place for place, each in enumerate(mine.waiting) if each == picture_id)
        # After a turn the wait for the next one starts now at the earliest, so ageing puts it behind first turns.
        aged = now / AGEING
        start = mine.start + before / mine.priority if before else mine.tag - aged
        tag = start + aged if before else mine.tag

        def turns(other: _Member) -> int:
            """Return how many pictures of another member come before, besides their first."""
            after = (start - other.start) * other.priority
            return floor(after) if (after, other.entry) < (before, mine.entry) else ceil(after) - 1

        others = (other for other in self._members.values() if other.tag < tag and other is not mine)
        # Most members have one picture, which needs no arithmetic: tens of thousands may wait.
        return before + sum(
            number if (number := len(each.waiting)) < 2 else min(number, 1 + max(0, turns(each))) for each in others
        )

    def order(self, most: int, now: float) -> Iterator[Picture]:
        """Yield the first ``most`` pictures in the order of service, if nobody comes and no model is preferred.

        The queue must not change while the iterator is used.
        """
        waiting = (member for member in self._members.values() if member.waiting)
        # No other member has a turn among these.
        soonest = heapq.nsmallest(most, waiting, key=lambda member: (member.tag, member.entry))
        return (turn[-1] for turn in islice(heapq.merge(*(_turns(member, now) for member in soonest)), most))

    def _pop(self) -> _Entry | None:
        """Remove the first entry of the heap that is not out of date; None if there is none."""
        while self._order:
            entry = heapq.heappop(self._order)
            member = self._members.get(entry[2])
            if member and member.waiting and member.entry == entry[1]:
                return entry
        return None

    def _serve(self, user_id: int, now: float) -> Picture:
        member = self._members[user_id]
        _, picture = member.waiting.popitem(last=False)
        del self._user_of[picture.id]
        self._served = max(self._served, member.start)
        member.start += 1 / member.priority
        member.since = now
        if member.waiting:
            self._enter(user_id, member, now)
        else:
            self._leave(user_id, member)
        return picture

    def _enter(self, user_id: int, member: _Member, now: float) -> None:
        """Start a member's wait for the next turn at ``now``."""
        member.since, member.passed_over = now, 0
        member.tag = member.start + now / AGEING
        member.entry = next(self._numbers)
        heapq.heappush(self._order, (member.tag, member.entry, user_id))

    def _leave(self, user_id: int, member: _Member) -> None:
        """Note that a member has nothing left waiting; their past turns still count for a while."""
        self._waiting -= 1
        self._away.append((member.since, user_id))

    def _forget(self, now: float) -> None:
        """Forget members who left so long ago that remembering them would make next to no difference."""
        while self._away and self._away[0][0] < now - AGEING:
            _, user_id = self._away.popleft()
            member = self._members.get(user_id)
            if member and not member.waiting and member.since < now - AGEING:
                del self._members[user_id]


def _turns(member: _Member, now: float) -> Iterator[tuple[float, float, int, int, Picture]]:
    """Yield a member's pictures, each with what sorts it into the order of service: tag, tag before, turn, entry.

    Example, all at time 0: Ana (priority 2, start tag 0, entry 0) waits with a1 a2 a3, Ben (priority 1, start tag 0,
    entry 1) with b1 b2. Each turn moves the start tag on by 1 / priority, so Ana's pictures have the tags 0, 0.5, 1 and
    Ben's 0, 1. Sorted by (tag, tag before, turn, entry) they are

        a1 (0, -inf, 0, 0)   b1 (0, -inf, 0, 1)   a2 (0.5, 0, 1, 0)   b2 (1, 0, 1, 1)   a3 (1, 0.5, 2, 0)

    b2 goes before a3 although both have tag 1: of two members with equal tags, whoever had their previous turn earlier
    got an earlier entry at that moment, and is served first.
    """
    tag, before, start = member.tag, float("-inf"), member.start
    for turn, picture in enumerate(member.waiting.values()):
        yield tag, before, turn, member.entry, picture
        start += 1 / member.priority
        tag, before = start + now / AGEING, tag
