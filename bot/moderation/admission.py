"""What everybody passes first: a limit of commands in a minute, and no ban."""

import math
from time import monotonic

from bot.config import Config
from bot.errors import Refusal
from bot.moderation.rate_limit import SlidingWindow
from bot.quota import Person
from bot.store import Store, banned


class RateLimited(Refusal):
    """Too many commands in a minute."""


class AdmissionControl:
    """Lets members in or says why not; it reads nothing from the disk, so it may come before an acknowledgement."""

    def __init__(self, config: Config, store: Store) -> None:
        self._operators = frozenset(config.discord.operators)
        self._store = store
        self._members = SlidingWindow(config.flooding.member_commands)
        self._admins = SlidingWindow(config.flooding.admin_commands)
        self._servers = SlidingWindow(config.flooding.server_commands)

    def check(self, person: Person, *, counts: bool = True, own_data: bool = False, admin: bool = False) -> None:
        """Raise Refusal if the person is banned, and RateLimited if they or their server are too fast.

        ``own_data`` lets the banned in too: what is kept about them is theirs to get and to delete. ``counts`` is
        False for what comes by itself, such as suggestions while somebody types. An ``admin``, who may manage the
        server, has a limit for admins. Operators always pass.
        """
        if person.user_id in self._operators:
            return
        if counts:
            self._count(person, self._admins if admin else self._members, monotonic())
        if not own_data and (ban := self._store.bans.of(person.user_id, person.guild_id)):
            raise banned(ban)

    def _count(self, person: Person, window: SlidingWindow, now: float) -> None:
        if wait := window.wait(person.user_id, now):
            raise RateLimited("That was a lot in one minute; try again in {seconds} s.", seconds=math.ceil(wait))
        if person.guild_id:
            if wait := self._servers.wait(person.guild_id, now):
                raise RateLimited(
                    "This server was asking for a lot in one minute; try again in {seconds} s.",
                    seconds=math.ceil(wait),
                )
            self._servers.take(person.guild_id, now)
        window.take(person.user_id, now)
