"""Requests that were refused for their number of pictures, each kept as one of fewer that its member may still make."""

import secrets
from dataclasses import dataclass, replace

from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester

MAX_KEPT = 1000  # offers; the oldest go first


@dataclass(frozen=True, slots=True)
class Offer:
    """What a member may make instead, and who asked."""

    requester: Requester
    built: BuiltRequest


class Offers:
    """Keeps them in memory: after a restart the member asks again."""

    def __init__(self) -> None:
        self._kept: dict[str, Offer] = {}

    def keep(self, requester: Requester, built: BuiltRequest, count: int) -> str:
        """Keep the request with ``count`` pictures; returns the key of the offer."""
        key = secrets.token_hex(6)
        self._kept[key] = Offer(requester, replace(built, request=replace(built.request, count=count)))
        while len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        return key

    def take(self, key: str, user_id: int) -> Offer | None:
        """The offer, which then is gone; None if there is none to this member."""
        offer = self._kept.get(key)
        return self._kept.pop(key) if offer and offer.requester.user_id == user_id else None
