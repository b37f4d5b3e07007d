"""The parts of the check, each of which yields its lines; see docs/gpu.md for what they mean."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from generation import Preview, Progress
from generation.batch_profile import GAIN, SAMPLES, Profile
from generation.types import Loading, Offload

from . import models
from .measure import PROMPT, drain, failures, gib, make, passes, picture, timed, worst

Line = tuple[str, dict[str, Any]]

SAME = 40.0  # dB, in half precision
IDLE = 5.0  # per cent
SOON = 15.0  # seconds for fitting the previews' colours


@dataclass
class Check:
    """What the parts share, and what they found: "ok", what is wrong, or "skipped" where a GPU is needed."""

    device: str
    folder: Path
    tiny: bool
    verdict: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def judge(self, name: str, good: object, wrong: str, *, gpu_only: bool = False) -> None:
        """Note whether a fault is mended; the first thing that is wrong with it stays."""
        if gpu_only and self.device == "cpu":
            self.verdict.setdefault(name, "skipped")
        elif not good:
            self.verdict[name] = wrong
        elif self.verdict.get(name, "ok") in ("ok", "skipped"):
            self.verdict[name] = "ok"

    def engine(self, name: str, loading: Loading | None = None) -> Any:
        """Return an engine with a model of that name."""
        return models.engine_for(name, self.device, self.folder, tiny=self.tiny, loading=loading)

    def side(self, name: str) -> int:
        """Return the pixels of the model's default picture."""
        return models.TINY_SIDE if self.tiny else models.SIDES[name]


def env(check: Check) -> Iterator[Line]:
    """The card, its memory and the versions."""
    import diffusers
    import torch
    import transformers

    from generation.engine.device import open_device
    from generation.engine.load_policy import choose_loading, quantised_components
    from generation.types import Precision

    device = open_device(check.device)
    yield "env", {
        "gpu": device.title.replace(" ", "_"), "free_gib": gib(device.free() or 0), "torch": torch.__version__,
        "diffusers": diffusers.__version__, "transformers": transformers.__version__, "bf16": int(device.has_bf16()),
        "visible": torch.cuda.device_count(),
    }  # fmt: skip
    qwen = {"transformer": 20 * 10**9, "text_encoder": 8 * 10**9, "vae": 10**8}
    check.judge("a6", quantised_components(qwen) == ["transformer", "text_encoder"], "text_encoder stays whole")
    check.judge("a7", torch.cuda.device_count() == 1, "sees other cards", gpu_only=True)
    flux = {"transformer": 12 * 10**9, "text_encoder_2": 5 * 10**9}
    chosen = choose_loading(Loading(), "cuda:0", Precision.BF16, flux, int(23.6 * 2**30))
    check.judge("a12", chosen.offload is Offload.MODEL, f"FLUX.1 on 24 GB is {chosen.offload}")


def speed(check: Check, name: str) -> Iterator[Line]:
    """Rows, their knee, exactness, and the engine beside the stock pipeline, of one model."""
    began = perf_counter()
    engine = check.engine(name)
    drain()
    spec, model = models.model_of(engine)
    weights = sum(model.modules().values())
    yield "load", {"model": name, "weights_gib": gib(weights), "seconds": round(perf_counter() - began, 1)}
    side, measured = check.side(name), {}
    for rows in (1, 2, 4) if check.tiny else (1, 2, 4, 8, 16, 32):
        with passes(engine, rows) as heard:
            each = 2 if rows > 1 and spec.defaults.guidance_scale > 1 and name != "flux" else 1
            wanted = [picture(spec, n, side, 4) for n in range(max(1, rows // each))]
            launched = perf_counter()
            _, events = make(engine, wanted)
            wall = perf_counter() - launched
        if failures(events) or not heard.seconds:
            break
        most = max(heard.rows)
        measured[most] = heard.milliseconds() / 1000
        kind = next(iter(engine._recent_kinds))
        yield "rows", {
            "model": name, "px": side, "rows": most, "gpu_ms": round(heard.milliseconds(), 2),
            "rows_per_s": round(most / measured[most], 1), "wall_s": round(wall, 2),
            "gib_per_row": gib(engine._batcher._row_bytes.get(kind, 0)),
            "decode_gib": gib(engine._batcher._single_bytes),
        }  # fmt: skip
    yield _knee(check, name, measured)
    yield from _exact(check, engine, name)
    yield _serial(check, engine, name)


def _knee(check: Check, name: str, measured: dict[int, float]) -> Line:
    by_event = 1
    # A picture with guidance has two rows, so that one row is not measured; two count as paying then.
    while 2 * by_event in measured and 2 * measured.get(by_event, float("inf")) >= GAIN * measured[2 * by_event]:
        by_event *= 2
    profile, kind = Profile(None, "check", ""), _key(name)
    for rows, seconds in measured.items():
        for _ in range(SAMPLES):
            profile.took(kind, rows, seconds)
    chosen = min(profile.rows(kind), max(measured, default=1))
    check.judge("a2", chosen <= by_event, f"{name}: {chosen} rows chosen, the knee is at {by_event}")
    return "knee", {"model": name, "best_rows_by_event": by_event, "chosen_by_profile": chosen}


def _key(name: str) -> Any:
    from generation.batch_profile import BatchKey

    return BatchKey(name, 1, 1)


def _exact(check: Check, engine: Any, name: str) -> Iterator[Line]:
    spec, model = models.model_of(engine)
    side, steps = check.side(name), 6 if check.tiny else 20
    wanted = [picture(spec, n, side, steps, prompt=f"{PROMPT}{', in a storm' * n}") for n in range(3)]
    with passes(engine, 8):
        alone = {each.id: make(engine, [each])[0][each.id] for each in wanted}
        again = make(engine, wanted[:1])[0]
        joined, _ = make(engine, wanted, apart=True)
    found, same = worst(joined, alone), int((again["0"] == alone["0"]).all())
    least = check.figures.get("exact_psnr_worst", 99.0)
    check.figures["exact_psnr_worst"] = round(min(least, found), 1)
    check.figures["families"] = check.figures.get("families", 0) + 1
    check.judge("a13", found >= SAME and same, f"{name}: {found:.1f} dB, bitwise {same}")
    yield (
        "exact",
        {"model": name, "dtype": model.precision, "psnr_db": round(found, 1), "bitwise": same, "steps": steps},
    )


def _serial(check: Check, engine: Any, name: str) -> Line:
    import torch

    spec, model = models.model_of(engine)
    side, steps, count = check.side(name), 4 if check.tiny else 20, 2 if check.tiny else 4
    settings = {"num_inference_steps": steps, "width": side, "height": side}

    def stock() -> None:
        from generation.families import Call, family_of
        from generation.images import encode_png

        family = family_of(spec)
        for number in range(count):
            one = picture(spec, number, side, steps)
            seeds = [torch.Generator().manual_seed(one.request.seed)]
            arguments = family.arguments(model.pipeline, Call([one], (side, side), [[]], seeds))
            with torch.inference_mode():
                (image,) = model.pipeline(**{**arguments, **settings, "output_type": "pil"}).images
            encode_png(image, one.request)

    stock_seconds = timed(stock)
    ours = timed(lambda: [make(engine, [picture(spec, number, side, steps)]) for number in range(count)])
    together = timed(lambda: make(engine, [picture(spec, number, side, steps) for number in range(count)]))
    return "serial", {
        "model": name, "pictures": count, "steps": steps, "stock_s": round(stock_seconds, 2), "criar_s": round(ours, 2),
        "ratio": round(ours / stock_seconds, 3), "together_s": round(together, 2),
    }  # fmt: skip


def steps(check: Check, name: str = "sdxl") -> Iterator[Line]:
    """How busy the device is with one picture and with several, and what makes the host wait for it."""
    import torch

    engine = check.engine(name)
    spec, _ = models.model_of(engine)
    for count in (1, 4):
        wanted = [picture(spec, n, check.side(name), 6 if check.tiny else 20) for n in range(count)]
        with warnings.catch_warnings(record=True) as caught, passes(engine) as heard:
            warnings.simplefilter("always")
            if check.device != "cpu":
                torch.cuda.set_sync_debug_mode("warn")
            began = perf_counter()
            _, events = make(engine, wanted)
            wall = perf_counter() - began
            if check.device != "cpu":
                torch.cuda.set_sync_debug_mode("default")
        waits = [str(each.message) for each in caught if "synchroniz" in str(each.message)]
        done = sum(isinstance(event, Progress) for event in events)
        idle = 100 * max(0.0, 1 - sum(heard.seconds) / wall)
        yield "step", {
            "model": name, "pictures": count, "wall_ms": round(1000 * wall / max(1, len(heard.seconds)), 1),
            "gpu_busy_ms": round(heard.milliseconds(), 1), "idle_pct": round(idle, 1),
            "syncs_per_picture_step": round(len(waits) / max(1, done), 2),
        }  # fmt: skip
        check.judge("a16", not waits, f"{len(waits)} synchronisations in {done} steps", gpu_only=True)
        if count == 4:
            if check.device != "cpu":
                check.figures["idle_share"] = round(idle / 100, 3)
            check.judge("a9", idle < IDLE, f"{idle:.0f} % idle with four pictures", gpu_only=True)
    shown = sum(isinstance(event, Preview) for event in events)
    yield "preview", {
        "model": name, "made": shown, "of_steps": done, "cost_ms": round(1000 * engine._previews.pacer._cost, 2),
    }  # fmt: skip
    # Tiny pictures on a quiet machine are made before a preview is due.
    check.judge("a8", shown > 0 or wall < 4 * engine._previews.pacer.EVERY, "no preview was shown")
    yield from _end(check, engine, name)


def _end(check: Check, engine: Any, name: str) -> Iterator[Line]:
    import torch
    from PIL import Image

    from generation.engine.preview import LatentColours
    from generation.families import family_of
    from generation.images import encode_png

    spec, model = models.model_of(engine)
    one = picture(spec, 1, check.side(name), 2)
    make(engine, [one])
    decode = max(engine._batcher._single_seconds.values(), default=0.0)
    side = check.side(name)
    noise = Image.effect_noise((side, side), 64).convert("RGB")
    yield "end", {
        "model": name, "px": side, "decode_gpu_ms": round(1000 * decode, 1),
        "png_ms": round(1000 * timed(lambda: encode_png(noise, one.request)), 1),
    }  # fmt: skip
    layout = family_of(spec).latents
    if layout is None:
        return
    seconds = timed(lambda: LatentColours.fit(model.pipeline.vae, layout, torch.device(check.device)))
    yield "colours", {"model": name, "seconds": round(seconds, 2)}
    check.judge("a3", seconds < SOON, f"fitting the previews' colours took {seconds:.0f} s")
