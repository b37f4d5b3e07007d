"""The seam to the device: when its work is done, copies to the host, and its memory.

On a GPU a call returns as soon as its kernels are queued. Nothing here, and nothing that the engine's thread does, may
wait for the queue to drain: reading a value, ``.cpu()`` and ``.item()`` all do, and the device would idle until the
next kernel is queued. So time is measured by events in the queue, and copies to the host are asked for and taken later.
"""

import gc
from collections.abc import Callable, Sequence
from threading import Event
from time import perf_counter

import torch

from ..errors import ModelError


class Mark:
    """A point in the device's queue of work. On the CPU it is reached at once."""

    def __init__(self, at: float = 0.0) -> None:
        """``at`` is the time at which it was reached, in seconds."""
        self.at = at

    def done(self) -> bool:
        """Whether everything queued before it has run."""
        return True

    def wait(self) -> None:
        """Block until it is done."""


class HostCopy:
    """Tensors on their way to the host's memory."""

    def __init__(self, tensors: Sequence[torch.Tensor], mark: Mark) -> None:
        """``tensors`` are in the host's memory, and hold their values once the mark is reached."""
        self._tensors = tuple(tensors)
        self._mark = mark

    def done(self) -> bool:
        """Whether they have arrived."""
        return self._mark.done()

    def take(self) -> tuple[torch.Tensor, ...]:
        """Return them; blocks if they have not arrived."""
        self._mark.wait()
        return self._tensors


class Device:
    """The CPU, which has done its work when a call returns, and no memory but the host's."""

    name = "cpu"
    #: what it is called in the log and the profile
    title = "cpu"
    #: whether it has memory other than the host's
    own_memory = False
    #: whether work goes on after the call that queued it has returned
    asynchronous = False

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        """``clock`` gives seconds."""
        self.clock = clock

    def mark(self) -> Mark:
        """Put a mark behind all work that is queued."""
        return Mark(self.clock())

    def seconds(self, began: Mark, ended: Mark) -> float:
        """Return the time that the device took between two marks that are done."""
        return ended.at - began.at

    def to_host(self, *tensors: torch.Tensor) -> HostCopy:
        """Queue copies to the host's memory."""
        return HostCopy(tensors, self.mark())

    def idle(self, until: Event, seconds: float) -> None:
        """Wait for something to happen, at most for ``seconds``."""
        until.wait(seconds)

    def free(self) -> int | None:
        """Return the bytes that may still be allocated; None if the device is the host itself."""
        return None

    def total(self) -> int | None:
        """Return the bytes of its memory; None if the device is the host itself."""
        return None

    def allocated(self) -> int:
        """Return the bytes of all tensors on it; 0 if that is not counted."""
        return 0

    def reset_peak(self) -> None:
        """Begin a new measurement of peak()."""

    def peak(self) -> int:
        """Return the most bytes of tensors since reset_peak(); 0 if that is not counted."""
        return 0

    def has_bf16(self) -> bool:
        """Whether it computes in bf16 itself, instead of emulating it slowly."""
        return True

    def release(self) -> None:
        """Return memory that is no longer used to the driver."""
        gc.collect()


class _CudaMark(Mark):
    def __init__(self) -> None:
        super().__init__()
        self.event = torch.cuda.Event(enable_timing=True)
        self.event.record()

    def done(self) -> bool:
        return bool(self.event.query())

    def wait(self) -> None:
        self.event.synchronize()


class Cuda(Device):
    """An NVIDIA GPU. Work goes through its current stream."""

    own_memory = True
    asynchronous = True

    def __init__(self, name: str, clock: Callable[[], float] = perf_counter) -> None:
        """``name`` is that of torch, such as "cuda:0". Raises ModelError if there is no such GPU."""
        super().__init__(clock)
        self.name = name
        try:
            torch.cuda.set_device(name)
            self.title = f"{name}, {torch.cuda.get_device_name(name)}"
        except (RuntimeError, AssertionError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelError("No pictures can be made on {device}: {reason}", device=name, reason=reason) from error

    def mark(self) -> Mark:
        """Record an event."""
        return _CudaMark()

    def seconds(self, began: Mark, ended: Mark) -> float:
        """Return the time between two events by the GPU's own clock."""
        if not (isinstance(began, _CudaMark) and isinstance(ended, _CudaMark)):
            raise TypeError("marks of another device")
        return float(began.event.elapsed_time(ended.event)) / 1000

    def to_host(self, *tensors: torch.Tensor) -> HostCopy:
        """Queue copies to pinned memory, which do not hold up the host."""
        copies = [torch.empty(each.shape, dtype=each.dtype, pin_memory=True) for each in tensors]
        for copy, tensor in zip(copies, tensors, strict=True):
            copy.copy_(tensor, non_blocking=True)
        return HostCopy(copies, self.mark())

    def free(self) -> int:
        """Return what the driver has free, and what torch reserved and does not use."""
        free, _ = torch.cuda.mem_get_info(self.name)
        return int(free + torch.cuda.memory_reserved(self.name) - torch.cuda.memory_allocated(self.name))

    def total(self) -> int:
        """Return the bytes of the card."""
        return int(torch.cuda.mem_get_info(self.name)[1])

    def allocated(self) -> int:
        """Return the bytes of all tensors on the card."""
        return int(torch.cuda.memory_allocated(self.name))

    def reset_peak(self) -> None:
        """Begin a new measurement of peak()."""
        torch.cuda.reset_peak_memory_stats(self.name)

    def peak(self) -> int:
        """Return the most bytes of tensors since reset_peak()."""
        return int(torch.cuda.max_memory_allocated(self.name))

    def has_bf16(self) -> bool:
        """Whether the card has bf16 itself: Turing (T4, RTX 20) and Volta (V100) only emulate it."""
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))

    def release(self) -> None:
        """Return memory that is no longer used to the driver."""
        gc.collect()
        torch.cuda.empty_cache()


def open_device(name: str, clock: Callable[[], float] = perf_counter) -> Device:
    """Return the device of that name, "cpu" or "cuda:0". Raises ModelError if it cannot be used."""
    if name == "cpu":
        return Device(clock)
    if name.startswith("cuda"):
        return Cuda(name, clock)
    raise ModelError("No pictures can be made on {device}: {reason}", device=name, reason="it must be cpu, or cuda:0 …")


#: what torch says if memory runs out, in whichever library it does
NO_MEMORY = (
    "can't allocate memory",  # c10/core/impl/alloc_cpu.cpp
    "could not create a primitive",  # oneDNN
    "Failed to allocate memory",  # ONNX Runtime, whose errors have a type of their own
    "CUDA error: out of memory",  # outside of torch's allocator
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that the device's memory, or the machine's, did not suffice."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(words in str(error) for words in NO_MEMORY)
