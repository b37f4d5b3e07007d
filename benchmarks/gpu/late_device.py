"""A stand-in for a GPU: calls return when their work is queued, and the work is done later, by a clock of its own.

What it knows of a GPU: one queue in order, marks that are reached when everything before them has run, copies that hold
nothing before their mark, a host that stalls when it waits, and memory that a pass takes and gives back. What it does
not know: kernels, their rounding, and how long launching really takes. Tensors are computed by the CPU at once, so a
copy's contents are right even if it is taken too early; that is counted in ``stalls``.
"""

from collections.abc import Callable
from threading import Event
from typing import Any

import torch
from typing_extensions import override

from generation.engine.device import Device, HostCopy, Mark


class FakeTime:
    """Time that passes only when somebody waits or works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds that passed."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += max(0.0, seconds)


class LateMark(Mark):
    """A point in the queue."""

    def __init__(self, device: "LateDevice", at: float) -> None:
        super().__init__(at)
        self._device = device

    @override
    def done(self) -> bool:
        return self._device.time() >= self.at

    @override
    def wait(self) -> None:
        if not self.done():
            self._device.stalls += 1
            self._device.time.sleep(self.at - self._device.time())


class LateDevice(Device):
    """One queue of work on a clock that the test holds."""

    asynchronous = True

    def __init__(self, time: Any = None, launch: float = 0.001) -> None:
        """``launch`` is how long queueing a call takes the host, in seconds."""
        self.time = time or FakeTime()
        super().__init__(self.time)
        self._launch = launch
        #: when all that is queued will have run
        self.end = self.time()
        #: seconds in which it had nothing to do, since its first work
        self.idle_seconds = self.busy_seconds = 0.0
        #: how often the host waited for it
        self.stalls = 0
        #: bytes that are free, and that the last pass took; None without memory of its own
        self.memory: int | None = None
        self.used = 0

    def queue(self, seconds: float) -> None:
        """Queue work that takes the device so long."""
        self.time.sleep(self._launch)
        now = self.time()
        if self.busy_seconds and now > self.end:
            self.idle_seconds += now - self.end
        self.end = max(now, self.end) + seconds
        self.busy_seconds += seconds

    def runs(self, module: Any, method: str, seconds: Callable[[int], float], each: int = 0) -> None:
        """Have a module's method run on it; ``seconds`` by the number of rows, ``each`` bytes for a row."""
        original = getattr(module, method)

        def call(*args: Any, **kwargs: Any) -> Any:
            rows = len(args[0] if args else kwargs["hidden_states"])
            self.used = rows * each
            if self.memory is not None and self.used > self.memory:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            self.queue(seconds(rows))
            return original(*args, **kwargs)

        setattr(module, method, call)

    @override
    def mark(self) -> Mark:
        return LateMark(self, max(self.time(), self.end))

    @override
    def to_host(self, *tensors: torch.Tensor) -> HostCopy:
        return HostCopy([tensor.clone() for tensor in tensors], self.mark())

    @override
    def idle(self, until: Event, seconds: float) -> None:
        if not until.wait(0.0 if isinstance(self.time, FakeTime) else seconds):
            self.time.sleep(seconds)

    @override
    def free(self) -> int | None:
        return self.memory

    @override
    def reset_peak(self) -> None:
        self.used = 0

    @override
    def peak(self) -> int:
        return self.used
