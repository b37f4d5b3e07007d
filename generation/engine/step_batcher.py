"""Joins what pipelines in flight ask of the modules that they share.

Each pipeline runs its stock ``__call__`` in a greenlet of its own. Where it calls the denoiser, the greenlet waits, and
the hub makes one forward pass of all waiting calls that agree in model, adapters and shapes, with a timestep for each
row. So requests join and leave at every step, whatever their steps, strength, guidance and scheduler: batching by
iteration, as Orca does it for language models (Yu et al., OSDI 2022), for pipelines that know nothing of it. Calls of
text encoders and autoencoders wait too, and take turns with the steps, so that none is held up for much longer than
a step by somebody else's start or end.

All greenlets belong to the one thread that calls ``StepBatcher.step``. Grad mode is a thread's, so that call is made within
``torch.inference_mode()``.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter
from typing import Any

import greenlet
import torch

from ..profile import BatchKey, Profile
from .batching import gather, join, part, rows_of, signature, split
from .models import free_memory


def is_out_of_memory(error: Exception) -> bool:
    """Whether it says that the device's memory, or the machine's, did not suffice."""
    # On a CPU torch says it with a plain RuntimeError, from c10/core/impl/alloc_cpu.cpp.
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


class RunCancelled(Exception):
    """Thrown into a pipeline that nobody waits for any more."""


@dataclass(eq=False)
class Member:
    """A pipeline in flight."""

    #: what must be equal before two calls are compared: model, adapters, size
    kind: BatchKey
    body: greenlet.greenlet = field(init=False)
    #: of its last call of a denoiser; None before the first
    rows: int | None = None
    waits: "_Call | None" = None


@dataclass(eq=False)
class _Call:
    """A call that waits; where it joins no others its signature is None."""

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


class StepBatcher:
    """The pipelines in flight on one device."""

    def __init__(self, profile: Profile, clock: Callable[[], float] = perf_counter) -> None:
        self._profile = profile
        self._clock = clock
        self._members: dict[str, Member] = {}
        self._numbers = count()
        self._home = greenlet.getcurrent()
        #: how long the last forward pass took
        self._seconds = 0.0

    @property
    def members(self) -> dict[str, Member]:
        """The pipelines in flight by their names."""
        return self._members

    def watch(self, module: Any, method: str, *, joins: bool) -> None:
        """Let calls of the module's method wait their turn; where it ``joins``, waiting ones may become one."""
        original = getattr(module, method)
        if isinstance(original, _Watched):
            original.joins = joins
        else:
            setattr(module, method, _Watched(self, original, joins))

    def start(self, name: str, work: Callable[[], None], kind: BatchKey) -> None:
        """Run ``work`` in a greenlet, until it first waits; what it raises is raised from here or from step()."""
        member = self._members[name] = Member(kind)
        member.body = greenlet.greenlet(work, self._home)
        self._resume(member)

    def stop(self, name: str) -> None:
        """Raise RunCancelled where a pipeline waits."""
        self._resume(self._members[name], _Raised(RunCancelled()))

    def pause(self) -> None:
        """Within ``work``: let others go on; RunCancelled is raised from here too."""
        self.wait(lambda: None, (), {}, joins=False)

    def step(self) -> None:
        """Make single calls for about as long as a forward pass takes, then the forward pass that waits longest."""
        end = self._clock() + self._seconds
        while alone := self._waiting(joined=False):
            self._finish(alone[:1], [self._call(alone[0])])
            if self._clock() >= end:
                break
        if waiting := self._waiting(joined=True):
            calls = self._together(waiting)
            began, member = self._clock(), calls[0].member
            results = self._forward(calls)
            self._seconds = self._clock() - began
            if not any(isinstance(result, _Raised) for result in results):
                self._profile.took(member.kind, sum(call.rows for call in calls), self._seconds)
            self._finish(calls, results)

    def wait(self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], *, joins: bool) -> Any:
        """Within ``work``: the result of a call once it is its turn."""
        body = greenlet.getcurrent()
        member = next((member for member in self._members.values() if member.body is body), None)
        if member is None:  # called from outside, as while a model is loaded
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

    def _waiting(self, *, joined: bool) -> list[_Call]:
        """The calls that wait, longest first."""
        calls = (member.waits for member in self._members.values() if member.waits)
        return sorted((call for call in calls if (call.signature is not None) is joined), key=lambda call: call.number)

    def _together(self, waiting: Sequence[_Call]) -> list[_Call]:
        """The call that waits longest, and as many as may be joined to it."""
        limit, rows = self._profile.rows(waiting[0].member.kind), 0
        chosen: list[_Call] = []
        for call in waiting:
            if call.signature == waiting[0].signature and (not chosen or rows + call.rows <= limit):
                chosen.append(call)
                rows += call.rows
        return chosen

    def _call(self, call: _Call, *, again: bool = True) -> Any:
        try:
            return call.function(*call.args, **call.kwargs)
        except Exception as error:  # noqa: BLE001 - raised again where the pipeline waits
            if not (again and is_out_of_memory(error)):
                return _Raised(error)
        free_memory()
        return self._call(call, again=False)

    def _forward(self, calls: Sequence[_Call]) -> list[Any]:
        """The result of each call; where together they fail, each half is tried by itself."""
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
            free_memory()
            self._profile.too_many(kind, sum(rows))
        if len(calls) == 1:
            return [self._in_parts(calls[0])]
        half = len(calls) // 2
        return self._forward(calls[:half]) + self._forward(calls[half:])

    def _joined(self, calls: Sequence[_Call], rows: Sequence[int]) -> list[Any]:
        first = calls[0]
        if len(calls) == 1:
            return [first.function(*first.args, **first.kwargs)]
        args, kwargs = join([(call.args, call.kwargs) for call in calls], rows)
        return split(first.function(*args, **kwargs), rows)

    def _in_parts(self, call: _Call) -> Any:
        """The result of a call that has more rows than fit, made of parts."""
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
        member.waits = None
        try:
            member.body.switch(*result)
        finally:
            if member.body.dead:
                self._members = {name: other for name, other in self._members.items() if other is not member}


class _Watched:
    """Stands in a module's place of a method."""

    def __init__(self, batcher: StepBatcher, original: Callable[..., Any], joins: bool) -> None:
        self._batcher, self._original = batcher, original
        self.joins = joins

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._batcher.wait(self._original, args, kwargs, joins=self.joins)
