"""The fair queue: who is served next. Pure and synchronous; it has no clock of its own.

Start-time fair queueing (Goyal, Vin and Cheng, 1996) over members: each member's next picture has a start tag, the
lowest tag is served, and serving moves the member's tag on by 1 / priority. A member who comes anew starts at the tag
that was served last, so he is before everybody who was served since, and nobody saves up turns by being away. Waiting
lowers a tag by one turn every AGEING seconds, so that no stream of newcomers keeps an old picture waiting for ever. It
counts from the member's last turn and not from when the picture came: else whoever brings many at once would age them
all together, and go before later comers by as many turns as he has waited.

Loading a model takes longer than a picture, so a member whose model is loaded may go before others, but not by more
than LEAD turns, which keeps the shares. Nor is anybody passed over for more than PATIENCE rounds: that many pictures
take no longer than loading a model for each one of a round.
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
LEAD = 8  # turns that he may be ahead for that of whoever is next
PATIENCE = 3  # times the members who wait, at most LOOK_AHEAD: as often may anybody be passed over for that

#: place in the order of service, number of the entry, user_id
_Entry = tuple[float, int, int]


@dataclass(slots=True)
class _Member:
    """One member's waiting pictures, oldest first, by their ids."""

    waiting: OrderedDict[str, Picture] = field(default_factory=OrderedDict)
    #: turns in a round, as his latest picture says
    priority: int = 1
    #: start tag of his next picture
    start: float = 0.0
    #: when he began to wait for his next turn
    since: float = 0.0
    #: the order of service: start and ageing; comparing sums of both orders members at every moment alike
    tag: float = 0.0
    #: how often since then
    passed_over: int = 0
    #: number of his entry in the order; any other of his is out of date
    entry: int = -1

    @property
    def first(self) -> Picture:
        """What he is served next."""
        return next(iter(self.waiting.values()))


class FairQueue:
    """Pictures that wait, handed out fairly."""

    def __init__(self) -> None:
        self._members: dict[int, _Member] = {}
        #: a heap with an entry for each member who has pictures waiting, and entries that are out of date
        self._order: list[_Entry] = []
        self._numbers = count()
        #: the highest start tag that was served
        self._served = 0.0
        #: how many members have pictures waiting
        self._waiting = 0
        self._user_of: dict[str, int] = {}
        #: members who have nothing waiting any more, with the time of their last turn
        self._away: deque[tuple[float, int]] = deque()

    def __len__(self) -> int:
        return len(self._user_of)

    def push(self, picture: Picture, now: float) -> None:
        """Add a picture at ``now`` (seconds of any steady clock). Raises ValueError where it waits already."""
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
        """A picture that waits; None where it does not."""
        user_id = self._user_of.get(picture_id)
        return None if user_id is None else self._members[user_id].waiting[picture_id]

    def cancel(self, picture_id: str) -> Picture | None:
        """Take a picture out; None where it does not wait."""
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
        """The picture to be made next, among the next members' pictures that ``suits`` accepts; None where none does.

        ``now`` is of the clock that push() was told.
        Within the look-ahead a model that is ``resident`` is preferred, unless somebody was passed over too often.
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
        """How many pictures are handed out before this one, if nobody comes; None where it does not wait.

        Right within a round of the members who wait, since it counts and does not sort.
        """
        user_id = self._user_of.get(picture_id)
        if user_id is None:
            return None
        mine = self._members[user_id]
        before = next(place for place, each in enumerate(mine.waiting) if each == picture_id)
        # Whoever is served waits for his next turn from now on at the earliest: ageing puts it behind first turns.
        aged = now / AGEING
        start = mine.start + before / mine.priority if before else mine.tag - aged
        tag = start + aged if before else mine.tag

        def turns(other: _Member) -> int:
            """How many of another member's come before, beside his first."""
            after = (start - other.start) * other.priority
            return floor(after) if (after, other.entry) < (before, mine.entry) else ceil(after) - 1

        others = (other for other in self._members.values() if other.tag < tag and other is not mine)
        # Most have one alone, which needs no reckoning where tens of thousands wait.
        return before + sum(
            number if (number := len(each.waiting)) < 2 else min(number, 1 + max(0, turns(each))) for each in others
        )

    def order(self, most: int, now: float) -> Iterator[Picture]:
        """The first so many in the order in which pictures are handed out, if nobody comes and no model is preferred.

        The queue may not be changed meanwhile.
        """
        waiting = (member for member in self._members.values() if member.waiting)
        # None of the others has a turn among these.
        soonest = heapq.nsmallest(most, waiting, key=lambda member: (member.tag, member.entry))
        return (turn[-1] for turn in islice(heapq.merge(*(_turns(member, now) for member in soonest)), most))

    def _pop(self) -> _Entry | None:
        """Take the first entry out of the order, leaving out those that are out of date."""
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
        """Let the member wait for his next turn from ``now`` on."""
        member.since, member.passed_over = now, 0
        member.tag = member.start + now / AGEING
        member.entry = next(self._numbers)
        heapq.heappush(self._order, (member.tag, member.entry, user_id))

    def _leave(self, user_id: int, member: _Member) -> None:
        """The member has nothing waiting any more; what he was served is held against him for a while."""
        self._waiting -= 1
        self._away.append((member.since, user_id))

    def _forget(self, now: float) -> None:
        """Forget members who went away so long ago that it would make no difference, or nearly none."""
        while self._away and self._away[0][0] < now - AGEING:
            _, user_id = self._away.popleft()
            member = self._members.get(user_id)
            if member and not member.waiting and member.since < now - AGEING:
                del self._members[user_id]


def _turns(member: _Member, now: float) -> Iterator[tuple[float, float, int, int, Picture]]:
    """The member's pictures, each with its place in the order of service.

    Of two with the same tag that one is served first whose member was served his turn before it first, for he has the
    earlier entry.
    """
    tag, before, start = member.tag, float("-inf"), member.start
    for turn, picture in enumerate(member.waiting.values()):
        yield tag, before, turn, member.entry, picture
        start += 1 / member.priority
        tag, before = start + now / AGEING, tag
