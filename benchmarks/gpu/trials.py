"""Parts of the check that make something go wrong: overflow, memory, hooks, cancelling, a lost device."""

import io
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from time import perf_counter
from typing import Any

from generation import Cancelled, Progress
from generation.types import Loading, Offload

from . import models
from .measure import drain, failures, gib, make, passes, picture, timed, worst
from .parts import Check, Line

FEW = 5  # steps


def lockstep(check: Check) -> Iterator[Line]:
    """SDXL pictures that are decoded at the same moment: in which precision, and whether one is black."""
    engine = check.engine("sdxl", Loading(offload=Offload.NONE, precision=_fp16(check)))
    spec, model = models.model_of(engine)
    vae, used = model.pipeline.vae, list[str]()
    inner = vae.decode

    def decode(*args: Any, **kwargs: Any) -> Any:
        used.append(str(vae.dtype).removeprefix("torch."))
        return inner(*args, **kwargs)

    vae.decode = decode
    pixels, events = make(engine, [picture(spec, n, check.side("sdxl"), 4) for n in range(4)])
    black = sum(each.max() == 0 for each in pixels.values()) + failures(events)
    yield "vae", {"lockstep": 4, "decode_dtypes": ",".join(used), "nan_pictures": black}
    check.judge("a1", not black and "float16" not in used, f"{black} black pictures, decoded in {set(used)}")


def _fp16(check: Check) -> Any:
    from generation.types import Precision

    return Precision.FP16 if check.tiny else None


def attention(check: Check) -> Iterator[Line]:
    """What a mask costs attention, and which kernel runs."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention as attend

    shape, dtype = ((4, 4, 128, 32), torch.float32) if check.tiny else ((4, 24, 7168, 128), torch.bfloat16)
    query = torch.randn(shape, device=check.device, dtype=dtype)
    fast = ""
    for masked in (0, 1):
        mask = torch.ones(shape[0], 1, 1, shape[2], dtype=torch.bool, device=check.device) if masked else None
        attend(query, query, query, attn_mask=mask)
        drain()
        kinds = [torch.profiler.ProfilerActivity.CPU]
        if check.device != "cpu":
            kinds.append(torch.profiler.ProfilerActivity.CUDA)
        with torch.profiler.profile(activities=kinds) as profiler:
            seconds = timed(partial(attend, query, query, query, attn_mask=mask))
        names = " ".join(event.key for event in profiler.key_averages())
        kernel = next((word for word in ("flash", "cudnn", "efficient") if word in names), "math")
        fast = fast or kernel
        yield "attn", {"rows": shape[0], "masked": masked, "ms": round(1000 * seconds, 2), "kernel": kernel}
    check.judge("a14", fast in ("flash", "cudnn"), f"attention without a mask runs as {fast}", gpu_only=True)


def offload(check: Check) -> Iterator[Line]:
    """A model whose modules come to the device as they are called: its speed, and that its steps are the engine's."""
    for kind in (Offload.MODEL, Offload.GROUP):
        engine = check.engine("sd15", Loading(offload=kind))
        spec, model = models.model_of(engine)
        adapter = _adapter(model.pipeline)
        model.pipeline.unet.add_adapter(adapter)
        wanted = [picture(spec, 1, check.side("sd15"), FEW)]
        with passes(engine) as heard:
            seconds = timed(partial(make, engine, wanted))
        yield "offload", {
            "model": "sd15", "kind": kind.value, "s_per_picture": round(seconds, 2),
            "hub_steps": len(heard.seconds), "peak_gib": gib(engine._device.peak()),
        }  # fmt: skip
        check.judge("a5", len(heard.seconds) == FEW, f"{kind.value}: {len(heard.seconds)} steps of the engine")


def _adapter(pipeline: Any) -> Any:
    from peft import LoraConfig

    del pipeline
    return LoraConfig(r=4, target_modules=["to_q", "to_k", "to_v"])


def memory(check: Check) -> Iterator[Line]:
    """Memory that runs out in a step and in a decode: nothing fails, and it is tried again later."""
    import torch

    from generation.batch_profile import AGAIN
    from generation.engine.device import is_out_of_memory

    engine = check.engine("sd15")
    spec, model = models.model_of(engine)
    forward, vae = model.pipeline.unet.forward, model.pipeline.vae
    inner = vae.decode

    def scarce(sample: Any, *args: Any, **kwargs: Any) -> Any:
        if len(sample) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(sample, *args, **kwargs)

    def scarce_decode(*args: Any, **kwargs: Any) -> Any:
        if not vae.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return inner(*args, **kwargs)

    model.pipeline.unet.forward, vae.decode = scarce, scarce_decode
    with passes(engine, 8) as heard:
        _, events = make(engine, [picture(spec, n, check.side("sd15"), 3) for n in range(3)])
    kind = next(iter(engine._recent_kinds))
    fit = engine._profile.fit(kind)
    for _ in range(AGAIN):
        engine._profile.took(kind, 2, 1.0)
    after = engine._profile.fit(kind)
    yield "oom", {
        "rows_asked": 8, "rows_kept": max(heard.rows, default=0), "failed": failures(events), "fit_after": fit,
        "fit_later": after,
    }  # fmt: skip
    check.judge("a4", after > fit, f"still {after} rows after {AGAIN} passes")
    check.judge("a11", not failures(events), f"{failures(events)} pictures failed")
    check.judge("a15", is_out_of_memory(torch.AcceleratorError("CUDA error: out of memory")), "not recognised")


def leaving(check: Check) -> Iterator[Line]:
    """A picture that is cancelled in the middle, and what it leaves behind."""
    engine = check.engine("sd15")
    spec, _ = models.model_of(engine)
    count = 8 if check.tiny else 30
    kept, left = (picture(spec, n, check.side("sd15"), count) for n in (1, 2))
    alone, _ = make(engine, [kept])
    drain()
    before, events = engine._device.allocated(), list[Any]()
    for each in (kept, left):
        engine.submit(each, events.append)
    while not any(isinstance(e, Progress) and e.picture_id == left.id and e.step >= 5 for e in events):
        engine.step()
    began = perf_counter()
    engine.cancel(left.id)
    gone = 1000 * (perf_counter() - began)
    while engine.step():
        pass
    drain()
    ends = [event for event in events if hasattr(event, "png")]
    import numpy as np
    from PIL import Image

    other = {end.picture_id: np.asarray(Image.open(io.BytesIO(end.png)).convert("RGB"), float) for end in ends}
    yield "cancel", {
        "at_step": 5, "ms_until_gone": round(gone, 1), "others_psnr_db": round(worst(other, alone), 1),
        "leaked_gib": gib(engine._device.allocated() - before),
        "told": int(any(isinstance(event, Cancelled) for event in events)),
    }  # fmt: skip
    yield from _lora(check, engine)


def _lora(check: Check, engine: Any) -> Iterator[Line]:
    del check
    _, model = models.model_of(engine)
    unet = model.pipeline.unet
    for name in ("one", "two"):
        unet.add_adapter(_adapter(model.pipeline), adapter_name=name)
    swap = timed(lambda: [unet.set_adapter(name) for name in ("one", "two")])
    unet.delete_adapters(["one", "two"])
    yield "lora", {"adapters": 2, "swap_ms": round(500 * swap, 1)}


FAULT = """
import sys, torch
if not torch.cuda.is_available():
    sys.exit(3)
torch._assert_async(torch.zeros(1, device="cuda:0", dtype=torch.bool))
try:
    torch.cuda.synchronize()
except torch.AcceleratorError:
    sys.exit(2)
except RuntimeError:
    sys.exit(1)
"""


def fault(check: Check) -> Iterator[Line]:
    """What a lost device raises, in a process of its own, since nothing works in that afterwards."""
    began = perf_counter()
    done = subprocess.run([sys.executable, "-c", FAULT], check=False, capture_output=True)  # noqa: S603
    names = {2: "AcceleratorError", 1: "RuntimeError", 3: "skipped"}
    yield "fault", {
        "kind": names.get(done.returncode, f"exit_{done.returncode}"), "seconds": round(perf_counter() - began, 1),
    }  # fmt: skip
    check.judge("a15", done.returncode in (2, 3), "a lost device raises no AcceleratorError")
