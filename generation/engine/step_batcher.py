"""Joins what pipelines in flight ask of the modules that they share.

Each pipeline runs its stock ``__call__`` in its own greenlet. When it calls the denoiser, the greenlet waits, and the
batcher makes one forward pass of all waiting calls that agree in model, LoRAs and shapes, with a timestep for each row.
So requests join and leave at every step, whatever their steps, strength, guidance and scheduler: batching by iteration,
as Orca does it for language models (Yu et al., OSDI 2022), for pipelines that know nothing of it. Calls of text
encoders and autoencoders wait too, and take turns with the steps, so that none is delayed by much more than a step
while another picture starts or ends.

The batcher only feeds the device: on a GPU a forward pass returns when it is queued. It may be LEAD passes ahead, so
that the device always has work and a newcomer still joins within a few steps. Passes are timed by marks in the device's
queue, which are read when they are done, and never waited for except to keep to that lead.

All greenlets belong to the one thread that calls ``StepBatcher.step``. Grad mode is per thread, so that call is made
within ``torch.inference_mode()``.
"""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Event
from typing import Any, Protocol

import greenlet
import torch

from ..batch_profile import BatchKey, Profile
from .batching import gather, join, part, prompt_length, rows_of, signature, split
from .device import Device, Mark, is_out_of_memory

LEAD = 2  # forward passes that may be queued and not done
POLL = 0.002  # seconds between two looks whether the device's work or a thread's is done


class RunCancelled(Exception):
    """Raised within a pipeline that nobody waits for."""


class Pending(Protocol):
    """Something that will be done: a copy to the host, or a thread's work."""

    def done(self) -> bool:
        """Whether it is done."""


@dataclass(eq=False)
class Member:
    """A pipeline in flight."""

    #: what must be equal before two calls are compared: model, LoRAs, size
    kind: BatchKey
    body: greenlet.greenlet = field(init=False)
    #: of its last call of a denoiser; None before the first, 0 after the last
    rows: int | None = None
    #: forward passes since they were last taken, by its share of their rows; and its rows in them
    passes: float = 0.0
    passed_rows: int = 0
    #: the call that it waits for
    waits: "_Call | None" = None
    #: what else it waits for
    pending: Pending | None = None

    def take_passes(self) -> tuple[float, int]:
        """Return the forward passes and its rows in them since the last time."""
        taken, self.passes, self.passed_rows = (self.passes, self.passed_rows), 0.0, 0
        return taken


@dataclass(eq=False)
class _Call:
    """A call that waits; its signature is None if it joins no others."""

    member: Member
    number: int
    function: Callable[..., Any]
    args: Sequence[Any] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    rows: int = 0
    signature: Hashable = None


@dataclass(frozen=True)
class _Raised:
    """What a call ended with instead of a result."""

    error: Exception


@dataclass(frozen=True)
class _Pass:
    """A forward pass in the device's queue; without a kind, a call that joins no others."""

    kind: BatchKey | None
    #: of a pass its rows; of another call its function, by identity
    what: int
    began: Mark
    ended: Mark


class StepBatcher:
    """The pipelines in flight on one device."""

    def __init__(self, profile: Profile, device: Device, *, exact: bool = False) -> None:
        """``exact`` joins no calls, so that each forward pass has the shape that it has for the picture alone."""
        self._profile = profile
        self._device = device
        self._exact = exact
        self._members: dict[str, Member] = {}
        self._numbers = count()
        self._home = greenlet.getcurrent()
        #: in the device's queue, oldest first
        self._passes: deque[_Pass] = deque()
        #: seconds of the last forward pass that is done, and of other calls by their functions
        self._seconds = 0.0
        self._single_seconds: dict[int, float] = {}
        #: most bytes that a row took beside the weights, by kind; and any call that joins no others
        self._row_bytes: dict[BatchKey, float] = {}
        self._single_bytes = 0
        #: set by threads whose work a pipeline waits for
        self.wake = Event()

    @property
    def members(self) -> dict[str, Member]:
        """The pipelines in flight by their names."""
        return self._members

    def watch(self, module: Any, method: str, *, joins: bool) -> None:
        """Let calls of the module's method wait their turn; if it ``joins``, waiting ones may become one."""
        original = getattr(module, method)
        if isinstance(original, _Watched):
            original.joins = joins
        else:
            setattr(module, method, _Watched(self, module, original, joins))

    def start(self, name: str, work: Callable[[], None], kind: BatchKey) -> None:
        """Run ``work`` in a greenlet until it first waits; what it raises is raised here or in step()."""
        member = self._members[name] = Member(kind)
        member.body = greenlet.greenlet(work, self._home)
        self._resume(member)

    def stop(self, name: str) -> None:
        """Raise RunCancelled where a pipeline waits."""
        self._resume(self._members[name], _Raised(RunCancelled()))

    def pause(self) -> None:
        """Within ``work``: let others go on. Raises RunCancelled if the pipeline was stopped."""
        self.wait(lambda: None, (), {}, joins=False)

    def wait_for(self, pending: Pending) -> None:
        """Within ``work``: go on when something is done. Raises RunCancelled if the pipeline was stopped."""
        member = self._current()
        if member is None:
            raise RuntimeError("only a pipeline in flight can wait")
        if pending.done():
            return
        member.pending = pending
        result = self._home.switch()
        if isinstance(result, _Raised):
            raise result.error

    def step(self) -> None:
        """Make single calls for about as long as a forward pass takes, then the forward pass that waits longest.

        Blocks for a moment if there is nothing to do until the device or a thread is done.
        """
        self._learn()
        self._resume_done()
        self._run_singles()
        if waiting := self._waiting(joined=True):
            while self._lead() >= LEAD:
                self._passes[0].ended.wait()
                self._learn()
            calls = self._together(waiting)
            began, member = self._device.mark(), calls[0].member
            results = self._forward(calls)
            rows, kind = sum(call.rows for call in calls), _masked(member.kind) if _unequal(calls) else member.kind
            in_one = rows <= self._profile.fit(member.kind)  # otherwise it was made in parts
            if in_one and not any(isinstance(result, _Raised) for result in results):
                self._passes.append(_Pass(kind, rows, began, self._device.mark()))
                self._learn()
            self._finish(calls, results)
        elif self._members and not any(member.waits for member in self._members.values()):
            self._device.idle(self.wake, POLL)
            self.wake.clear()

    def wait(self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], *, joins: bool) -> Any:
        """Within ``work``: return the result of a call when it is its turn."""
        member = self._current()
        if member is None:  # called from outside, for example while a model is loaded
            return function(*args, **kwargs)
        call = _Call(member, next(self._numbers), function, args, kwargs)
        if joins:
            call.rows = member.rows = rows_of(args, kwargs)
            call.signature = member.kind, id(function), signature(args, kwargs, call.rows)
        member.waits = call
        result = self._home.switch()
        if isinstance(result, _Raised):
            raise result.error
        return result

    def _current(self) -> Member | None:
        body = greenlet.getcurrent()
        return next((member for member in self._members.values() if member.body is body), None)

    def _learn(self) -> None:
        """Learn from what the device has done."""
        while self._passes and self._passes[0].ended.done():
            done = self._passes.popleft()
            seconds = self._device.seconds(done.began, done.ended)
            if done.kind is None:
                self._single_seconds[done.what] = seconds
            else:
                self._seconds = seconds
                self._profile.took(done.kind, done.what, seconds)

    def _lead(self) -> int:
        return sum(each.kind is not None for each in self._passes)

    def _resume_done(self) -> None:
        for member in list(self._members.values()):
            if member.pending and member.pending.done():
                self._resume(member)

    def _run_singles(self) -> None:
        """Make calls that join no others, longest waiting first, for about as long as a forward pass takes."""
        clock = self._device.clock
        began, queued = clock(), 0.0
        while single := self._waiting(joined=False):
            call = single[0]
            what = id(call.function)
            queued += self._single_seconds.get(what, 0.0 if not self._device.asynchronous else self._seconds)
            mark = self._device.mark()
            result = self._single(call)
            if self._device.asynchronous:
                self._passes.append(_Pass(None, what, mark, self._device.mark()))
            self._finish([call], [result])
            if clock() - began >= self._seconds or (self._device.asynchronous and queued >= self._seconds):
                break

    def _waiting(self, *, joined: bool) -> list[_Call]:
        """Return the calls that wait, longest waiting first."""
        calls = (member.waits for member in self._members.values() if member.waits)
        return sorted((call for call in calls if (call.signature is not None) is joined), key=lambda call: call.number)

    def _together(self, waiting: Sequence[_Call]) -> list[_Call]:
        """Return the call that waits longest, and as many as may be joined to it."""
        first, kind = waiting[0], waiting[0].member.kind
        if self._exact:
            return [first]
        like = [call for call in waiting if call.signature == first.signature]
        equal = [call for call in like if prompt_length(call.kwargs) == prompt_length(first.kwargs)]
        chosen = _fill([], equal, self._rows(kind))
        more = _fill(chosen, [call for call in like if call not in equal], self._rows(_masked(kind)))
        if len(more) > len(chosen) and self._profile.pays(_masked(kind), _rows_in(more), kind, _rows_in(chosen)):
            return more
        return chosen

    def _rows(self, kind: BatchKey) -> int:
        """Return how many rows to join: those that pay, as far as they fit beside what a decode needs."""
        rows = self._profile.rows(kind)
        each, free = self._row_bytes.get(kind), self._device.free()
        if not each or free is None:
            return rows
        return max(1, min(rows, int((free - self._single_bytes) / each)))

    def _single(self, call: _Call) -> Any:
        """Return the result of a call that joins no others.

        If memory runs out it is tried again after memory is released, and an autoencoder once more in tiles.
        """
        ways: list[Callable[[], Any]] = [lambda: call.function(*call.args, **call.kwargs)] * 2
        if isinstance(owner := getattr(call.function, "owner", None), torch.nn.Module) and hasattr(owner, "use_tiling"):
            ways.append(lambda: _tiled(owner, call))
        for way in ways:
            before = self._device.allocated()
            self._device.reset_peak()
            try:
                result = way()
            except Exception as error:  # noqa: BLE001 - raised again where the pipeline waits
                if not is_out_of_memory(error):
                    return _Raised(error)
                failed = _Raised(error.with_traceback(None))  # its frames hold the tensors that did not fit
            else:
                self._single_bytes = max(self._single_bytes, self._device.peak() - before)
                return result
            self._device.release()
        return failed

    def _forward(self, calls: Sequence[_Call]) -> list[Any]:
        """Return the result of each call; if they fail together, each half is tried separately."""
        rows = [call.rows for call in calls]
        kind = calls[0].member.kind
        if len(calls) == 1 and rows[0] > self._profile.fit(kind):
            return [self._in_parts(calls[0])]
        try:
            return self._joined(calls, rows)
        except Exception as error:  # noqa: BLE001 - raised again where the pipeline waits
            no_memory = is_out_of_memory(error)
            if len(calls) == 1 and not (no_memory and rows[0] > 1):
                return [_Raised(error)]
        # Not while the exception is handled: until then its frames hold the very tensors that did not fit.
        if no_memory:
            self._device.release()
            self._profile.too_many(kind, sum(rows))
        if len(calls) == 1:
            return [self._in_parts(calls[0])]
        half = len(calls) // 2
        return self._forward(calls[:half]) + self._forward(calls[half:])

    def _joined(self, calls: Sequence[_Call], rows: Sequence[int]) -> list[Any]:
        first = calls[0]
        before = self._device.allocated()
        self._device.reset_peak()
        if len(calls) == 1:
            results = [first.function(*first.args, **first.kwargs)]
        else:
            args, kwargs = join([(call.args, call.kwargs) for call in calls], rows)
            results = split(first.function(*args, **kwargs), rows)
        for call, own in zip(calls, rows, strict=True):
            call.member.passes += own / sum(rows)
            call.member.passed_rows += own
        if (used := self._device.peak() - before) > 0:
            kind = first.member.kind
            self._row_bytes[kind] = max(self._row_bytes.get(kind, 0.0), used / sum(rows))
        return results

    def _in_parts(self, call: _Call) -> Any:
        """Return the result of a call that has more rows than fit, made of parts."""
        size = self._profile.fit(call.member.kind)
        outputs = []
        for start in range(0, call.rows, size):
            chosen = slice(start, min(start + size, call.rows))
            args, kwargs = part(call.args, call.kwargs, call.rows, chosen)
            piece = _Call(call.member, call.number, call.function, args, kwargs, chosen.stop - chosen.start)
            (output,) = self._forward([piece])
            if isinstance(output, _Raised):
                return output
            outputs.append(output)
        return gather(outputs)

    def _finish(self, calls: Sequence[_Call], results: Sequence[Any]) -> None:
        for call, result in zip(calls, results, strict=True):
            self._resume(call.member, result)

    def _resume(self, member: Member, *result: Any) -> None:
        """Let a pipeline go on until it waits again or has ended."""
        member.waits = member.pending = None
        try:
            member.body.switch(*result)
        finally:
            if member.body.dead:
                self._members = {name: other for name, other in self._members.items() if other is not member}


def _fill(chosen: Sequence[_Call], calls: Sequence[_Call], limit: int) -> list[_Call]:
    """Add calls as long as their rows are within the limit; the first of all is taken whatever it has."""
    filled = list(chosen)
    for call in calls:
        if not filled or _rows_in(filled) + call.rows <= limit:
            filled.append(call)
    return filled


def _rows_in(calls: Sequence[_Call]) -> int:
    return sum(call.rows for call in calls)


def _unequal(calls: Sequence[_Call]) -> bool:
    """Whether prompts of different length are padded, and masked: the fastest attention takes no mask."""
    return len({prompt_length(call.kwargs) for call in calls}) > 1


def _masked(kind: BatchKey) -> BatchKey:
    """Return the kind under which passes with masks are measured."""
    return replace(kind, precision=f"{kind.precision} masked")


class _Watched:
    """Replaces a method of a module."""

    def __init__(self, batcher: StepBatcher, module: Any, original: Callable[..., Any], joins: bool) -> None:
        self._batcher = batcher
        self._function = _Method(module, original)
        self.joins = joins
        self.__wrapped__ = original  # language models look at its parameters when they write

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._batcher.wait(self._function, args, kwargs, joins=self.joins)


class _Method:
    """A method as it was before it was watched; autoencoders get their input in the type of their own numbers.

    Some are loaded in another precision than their model, see loaded_models.widen_autoencoder.
    """

    def __init__(self, owner: Any, original: Callable[..., Any]) -> None:
        self.owner = owner
        self.original = original
        self._casts = hasattr(owner, "decode") and hasattr(owner, "dtype")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._casts and args and torch.is_tensor(args[0]) and args[0].is_floating_point():
            args = (args[0].to(self.owner.dtype), *args[1:])
        return self.original(*args, **kwargs)


def _tiled(module: Any, call: _Call) -> Any:
    """Return the result of an autoencoder's call in tiles, which takes less memory."""
    tiled = module.use_tiling
    module.enable_tiling()
    try:
        return call.function(*call.args, **call.kwargs)
    finally:
        if not tiled:
            module.disable_tiling()
