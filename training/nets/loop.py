"""A training loop over processes of one thread each that average their gradients, with checkpoints and progress."""

import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.distributed as distributed
from torch import Tensor, nn

from ..paths import WORK
from .muon import Optimizer, summed

#: where there is a card, all is done on it by one process
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
RANKS = 1 if DEVICE == "cuda" else 2  # processes; one of two threads used two cores to 68% only
SAVE_EVERY, TELL_EVERY = 180.0, 30.0  # seconds
FLAT_SHARE = 0.4  # of the steps at the full rate; then it falls along a cosine
LAST_RATE = 0.02


@dataclass(frozen=True)
class Stage:
    """One net's training.

    ``prepare`` gives the model and a function from a random source and a share of the way to a loss. ``name`` is also
    its checkpoint's.
    """

    name: str
    steps: int
    lr: float
    seed: int
    prepare: Callable[[], tuple[nn.Module, Callable[[Random, float], Tensor]]]
    #: called with the averaged model and the step, by the first process, now and then and at the end
    save: Callable[[nn.Module, int], None]
    decay: float = 0.998  # of the average of the weights
    muon: bool = True  # for the inner matrices; else AdamW for all
    warm_up: int = 100  # steps

    @property
    def checkpoint(self) -> Path:
        """Where the stage's state is kept."""
        return WORK / f"{self.name}.ckpt"


def train(stage: Stage) -> None:
    """Train until the stage's steps are done; goes on from its checkpoint where there is one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.multiprocessing.spawn(_run, args=(stage,), nprocs=RANKS)


def _run(rank: int, stage: Stage) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=RANKS)
    torch.manual_seed(stage.seed)
    model, loss_of = stage.prepare()
    mean = deepcopy(model).requires_grad_(requires_grad=False)
    optimizer = Optimizer(model, stage.lr, muon=stage.muon)
    start = _resume(stage, model, mean, optimizer)
    clock = _Clock(stage, start)
    for step in range(start, stage.steps):
        # Seeded by the step, so that a run that was interrupted draws what it would have drawn.
        random = Random(f"{stage.seed} {step} {rank}")
        torch.manual_seed(random.randrange(2**31))
        loss = loss_of(random, step / stage.steps)
        loss.backward()
        _average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(rate(step, stage.steps, stage.warm_up))
        with torch.no_grad():
            weight = 1 - min(stage.decay, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(mean.parameters()), list(model.parameters()), weight)
        if rank == 0:
            clock.tell(step + 1, loss.item())
            if clock.is_time_to_save(step + 1):
                _save(stage, step + 1, model, mean, optimizer)
                stage.save(mean, step + 1)
    distributed.destroy_process_group()


def rate(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the learning rate at a step: a warm-up, a flat stretch, then half a cosine."""
    fall = max(0.0, (step / steps - FLAT_SHARE) / (1 - FLAT_SHARE))
    return min(1, (step + 1) / warm_up) * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * fall)) / 2)


def autocast(*, wanted: bool = True) -> torch.autocast:
    """Compute what stands in it in half precision, where the processor has instructions for it.

    Without them it is ten times slower than full precision.
    """
    able = DEVICE == "cuda" or any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))
    return torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=able and wanted)


def _average_gradients(model: nn.Module) -> None:
    if RANKS == 1:
        return
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    for gradient, total in zip(gradients, summed(gradients), strict=True):
        gradient.copy_(total / RANKS)


def _resume(stage: Stage, model: nn.Module, mean: nn.Module, optimizer: Optimizer) -> int:
    if not stage.checkpoint.exists():
        return 0
    state = torch.load(stage.checkpoint, weights_only=True, map_location=DEVICE)
    model.load_state_dict(state["model"])
    mean.load_state_dict(state["mean"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _save(stage: Stage, step: int, model: nn.Module, mean: nn.Module, optimizer: Optimizer) -> None:
    new = stage.checkpoint.with_suffix(".new")
    torch.save(
        {
            "step": step,
            "model": model.state_dict(),
            "mean": mean.state_dict(),
            "optimizer": optimizer.state_dict(),
        },
        new,
    )
    new.replace(stage.checkpoint)


class _Clock:
    """When to tell and when to save; and the time that is left."""

    def __init__(self, stage: Stage, start: int) -> None:
        self._stage, self._start, self._first = stage, start, time.monotonic()
        self._told = self._saved = self._first
        self._losses: list[float] = []

    def tell(self, step: int, loss: float) -> None:
        self._losses.append(loss)
        now = time.monotonic()
        if now - self._told < TELL_EVERY and step < self._stage.steps:
            return
        self._told = now
        pace = (now - self._first) / (step - self._start)
        left = pace * (self._stage.steps - step)
        print(
            f"{self._stage.name}: step {step} of {self._stage.steps}, loss {np.mean(self._losses):.4f}, "
            f"{pace:.2f} s a step, {left / 60:.0f} min left",
            flush=True,
        )
        self._losses.clear()

    def is_time_to_save(self, step: int) -> bool:
        now = time.monotonic()
        if now - self._saved < SAVE_EVERY and step < self._stage.steps:
            return False
        self._saved = now
        return True


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices over ``count`` things, ``size`` at a time."""
    for start in range(0, count, size):
        yield slice(start, start + size)
