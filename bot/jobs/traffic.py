"""How much was written in a channel since a message, as far as it matters for finding that message again."""

from collections import OrderedDict, deque

MANY = 5  # messages after one, behind which it is easily missed
CHANNELS = 10_000  # of which the last messages are kept; the quietest leave first


class Traffic:
    """The ids of the last messages of channels."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, deque[int]] = OrderedDict()

    def saw(self, channel_id: int, message_id: int) -> None:
        """A message was written."""
        self._last.setdefault(channel_id, deque(maxlen=MANY)).append(message_id)
        self._last.move_to_end(channel_id)
        while len(self._last) > CHANNELS:
            self._last.popitem(last=False)

    def buried(self, channel_id: int, message_id: int) -> bool:
        """Whether MANY messages were written after this one."""
        last = self._last.get(channel_id, deque())
        return len(last) == MANY and min(last) > message_id
