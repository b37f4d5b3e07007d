"""What is found without a GPU: rules, and how busy a stand-in for a GPU is kept, by a clock that only work moves."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from generation import Event, Finished, ModelSpec, Picture, Task
from generation.types import Loading, Offload

from . import models
from .measure import picture
from .parts import Check, Line

MOST_IDLE = 0.05  # of the time
COUNT, STEPS = 24, 6  # pictures, and their quick steps
STEP_SECONDS, DECODE_SECONDS = 0.025, 0.05  # of the device
#: seconds of the host, as they were measured with a noisy photograph of 1024 by 1024 pixels
PNG_SECONDS, READ_SECONDS = 0.21, 0.05
#: what asks a device for a value, and so waits until its queue is empty
READING = ("_local_scalar_dense", "nonzero", "is_nonzero", "masked_select")


def rules(check: Check) -> Iterator[Line]:
    """One card for each process, bf16 only if it is not emulated, and no mask for prompts of one length."""
    import torch

    from generation.engine.batching import MASK, PROMPT, join
    from generation.engine.device import Cuda
    from generation.workers.devices import narrow

    environ: dict[str, str] = {}
    narrow("cuda:1", environ)
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    check.judge("a7", visible == "1", f"the process of cuda:1 sees {visible}")

    def emulated(*, including_emulation: bool = True) -> bool:
        return including_emulation

    with patch("torch.cuda.is_bf16_supported", emulated):
        emulating = Cuda.has_bf16(object.__new__(Cuda))
    check.judge("a10", not emulating, "bf16 that is emulated is used")
    prompt = torch.zeros(1, 4, 8)
    calls = [([prompt], {PROMPT: prompt, MASK: None})] * 2
    masked = join(calls, [1, 1])[1][MASK] is not None
    check.judge("a14", not masked, "prompts of one length are masked")
    yield "rules", {"visible": visible, "emulated_bf16": int(emulating), "masked": int(masked)}


def stand_in(check: Check) -> Iterator[Line]:
    """How long a stand-in for a GPU idles while pictures begin and end, and what reads its values within a step."""
    if check.device != "cpu":
        return
    model = replace(models.tiny_spec("sd15", check.folder), loading=Loading(offload=Offload.NONE))
    share, reads = idle_share(model, check.folder), reads_within_steps(model)
    check.figures["idle_share"] = round(share, 3)
    check.judge("a9", share < MOST_IDLE, f"a stand-in idles for {share:.0%} of the time")
    check.judge("a16", not reads, f"a step reads values: {', '.join(sorted(set(reads)))}")
    yield "stand_in", {"pictures": COUNT, "idle_share": round(share, 3), "reads_in_steps": len(reads)}


def idle_share(model: ModelSpec, folder: Path, *, threads: bool = True) -> float:
    """Return the share of the time in which the device has nothing to do, of a model of quick steps, as Lightning's.

    Every second picture begins from an input. ``threads`` is False for what it would be if nothing ran beside the
    engine's thread. Raises RuntimeError if a picture is not made.
    """
    from PIL import Image

    from generation.images import encode_png, read_kept

    from .late_device import LateDevice

    device = LateDevice()
    engine = _engine_on(device, model, lambda rows: STEP_SECONDS * max(1, rows / 2))
    device.runs(engine._models.get(model).pipeline.vae, "decode", lambda _: DECODE_SECONDS)
    if not threads:
        engine._maker._background._pool = None
    mine = threading.get_ident()

    def costing(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == mine:
                device.time.sleep(seconds)
            return function(*args, **kwargs)

        return call

    side, source = models.TINY_SIDE, folder / "input.png"
    Image.radial_gradient("L").resize((side, side)).convert("RGB").save(source)
    ways: list[dict[str, Any]] = [{}, {"task": Task.IMG2IMG, "strength": 0.9, "images": (source,)}]
    with (
        patch("generation.engine.picture_maker.encode_png", costing(encode_png, PNG_SECONDS)),
        patch("generation.engine.picture_maker.read_kept", costing(read_kept, READ_SECONDS)),
    ):
        events = _flow(engine, [picture(model, number, side, STEPS, **ways[number % 2]) for number in range(COUNT)])
    if sum(isinstance(event, Finished) for event in events) < COUNT:
        raise RuntimeError(f"not all pictures were made: {events}")
    return float(device.idle_seconds / (device.idle_seconds + device.busy_seconds))


def _engine_on(device: Any, model: ModelSpec, seconds: Callable[[int], float]) -> Any:
    from generation.engine.engine import Engine

    engine = Engine({model.id: model}, device, 1, 4.0, onnx=False)
    device.runs(engine._models.get(model).pipeline.unet, "forward", seconds)
    return engine


def _flow(engine: Any, waiting: list[Picture]) -> list[Event]:
    """Make pictures as a worker does: as many at a time as the engine has room for."""
    events: list[Event] = []
    while engine.step() or waiting:
        while waiting and engine.capacity() > len(engine._batcher.members) + len(engine._arrivals):
            engine.submit(waiting.pop(), events.append)
    return events


def reads_within_steps(model: ModelSpec) -> list[str]:
    """Return what asked for a value between a picture's first step and its last."""
    from torch.utils._python_dispatch import TorchDispatchMode

    from .late_device import LateDevice

    names: list[str] = []

    class Reads(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            del types
            if any(name in str(func) for name in READING):
                names.append(str(func))
            return func(*args, **(kwargs or {}))

    engine = _engine_on(LateDevice(), model, lambda _: 0.1)
    wanted = [picture(model, number, models.TINY_SIDE, 20, scheduler="DPM++ 2M") for number in (1, 2)]
    _flow(engine, [wanted[0]])
    engine.submit(wanted[1], lambda _: None)
    for _ in range(4):
        engine.step()
    with Reads():
        for _ in range(10):
            engine.step()
    if not engine._batcher.members:
        raise RuntimeError("the picture ended before it was looked at")
    engine.cancel(wanted[1].id)
    return names
