"""How far a picture that shared its forward passes is from the same picture made alone, for each family of models.

On tiny checkpoints with random weights, in full precision on a CPU: what differs between families is how their calls
are joined, which is the same at every size.
"""

import asyncio
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from generation import Event, Finished, ModelSpec, Picture, Request, Task
from generation.types import Loading, Precision
from tests.tiny import CHECKPOINTS, spec

SAME = 60.0  # dB that a family must reach to be joined
NO_DIFFERENCE = 99.0  # dB that stand for infinitely many
SIDE = 64  # pixels
ROWS = 16  # joined at most
PROMPTS = ("a cat", "a very long red cat on the roof of a house beside the sea", "two dogs")
QUICK = ("stable_diffusion", "flux", "qwen_image", "z_image")


@dataclass(frozen=True, slots=True)
class Exactness:
    """One family's worst picture, in dB against the same picture made alone, and the most rows of a forward pass."""

    psnr: float
    rows_alone: int
    rows_joined: int


def joining() -> list[str]:
    """List the checkpoints whose families are joined; pictures of the others are made alone."""
    from generation.families import FAMILIES

    return [name for name, (family, _, _) in CHECKPOINTS.items() if FAMILIES[family].joins]


def half(name: str) -> Precision:
    """Return the precision in which a GPU runs the checkpoint's family."""
    from generation.families import FAMILIES

    return FAMILIES[CHECKPOINTS[name][0]].half_precision


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the worst PSNR of each family in dB (infinite if no pixel differs); return the lowest."""
    return await asyncio.to_thread(_run, QUICK if quick else joining())


def _run(names: Sequence[str]) -> dict[str, Any]:
    from generation.engine.engine import quiet_libraries

    quiet_libraries()
    logging.getLogger("generation").setLevel(logging.ERROR)
    found = {}
    print(f"{'family':28}{'PSNR':>9}{'rows alone':>12}{'joined':>9}")
    with TemporaryDirectory() as folder:
        for name in names:
            one = found[name] = measure(name, Path(folder))
            print(f"{name:28}{one.psnr:9.1f}{one.rows_alone:12}{one.rows_joined:9}", flush=True)
    alone = [name for name in CHECKPOINTS if name not in joining()]
    print(f"made alone: {', '.join(alone)}")
    worst = min(NO_DIFFERENCE, *(one.psnr for one in found.values()))
    return {"worst_psnr": round(worst, 1), "families": len(found)}


def measure(name: str, folder: Path, precision: Precision | None = None, *, lockstep: bool = False) -> Exactness:
    """Compare pictures that share forward passes with the same pictures made alone.

    Requests of all the family's tasks, with different prompts, steps and guidance, each of which joins a step after the
    one before; in ``lockstep`` they begin together, and each of three is asked for twice. ``precision`` is that of the
    model's numbers; None is full precision.
    """
    from generation.engine.engine import Engine

    model = spec(name, folder, loading=Loading(precision=precision))
    engine, passes = Engine({model.id: model}, "cpu", 1, 4.0), list[int]()
    profile: Any = engine._profile
    profile.rows = lambda _: ROWS
    profile.took = lambda _, rows, __: passes.append(rows)
    pictures = _pictures(model, [Task(task) for task in CHECKPOINTS[name][2]], folder)
    if lockstep:
        pictures += [replace(picture, id=f"{picture.id} again") for picture in pictures]
    alone = {picture.id: _made(engine, [picture])[picture.id] for picture in pictures}
    rows_alone = max(passes)
    passes.clear()
    together = _made(engine, pictures, lockstep=lockstep)
    return Exactness(min(psnr(together[name], alone[name]) for name in alone), rows_alone, max(passes))


def _pictures(model: ModelSpec, tasks: Sequence[Task], folder: Path) -> list[Picture]:
    picture, mask = folder / "picture.png", folder / "mask.png"
    Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB").save(picture)
    half = Image.new("L", (SIDE, SIDE), 0)
    half.paste(255, (0, 0, SIDE // 2, SIDE))
    half.save(mask)
    inputs = {Task.TXT2IMG: (), Task.INPAINT: (picture, mask)}
    requests = [
        Request(
            task=task, model=model.id, prompt=prompt, negative_prompt="no" * place, seed=place, width=SIDE, height=SIDE,
            num_inference_steps=6 - place, guidance_scale=3.0 + place, scheduler=model.defaults.scheduler,
            images=inputs.get(task, (picture,)), strength=0.9 if task in (Task.IMG2IMG, Task.INPAINT) else None,
        )
        for place, prompt in enumerate(PROMPTS)
        for task in [tasks[place % len(tasks)]]
    ]  # fmt: skip
    return [Picture(id=str(place), user_id=1, request=request) for place, request in enumerate(requests)]


def _made(engine: Any, pictures: Sequence[Picture], *, lockstep: bool = False) -> dict[str, np.ndarray]:
    """Return the pictures; one begins at each step, or all at once."""
    events: list[Event] = []
    for picture in pictures:
        engine.submit(picture, events.append)
        if not lockstep:
            engine.step()
    while engine.step():
        pass
    made = [event for event in events if isinstance(event, Finished)]
    if len(made) < len(pictures):
        raise RuntimeError(f"not all pictures were made: {events}")
    return {event.picture_id: np.asarray(Image.open(io.BytesIO(event.png)).convert("RGB"), float) for event in made}


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio of 8-bit pictures in dB: 10 log10(255² / mean squared error)."""
    error = float(((a - b) ** 2).mean())
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))
