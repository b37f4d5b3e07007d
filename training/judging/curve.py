"""Quality over the steps of the U-Net's training: what was kept of it on the way, judged by part of the evaluation."""

from pathlib import Path
from typing import Any

from diffusers import UNet2DConditionModel

from ..paths import CURVE
from .evaluation import evaluate
from .prompts import Asked, load_prompts

PARTS = {"thing": 4, "place": 3, "pair": 2}  # one in so many of each part's prompts
POINTS = 8


def asked() -> list[Asked]:
    """Return the prompts that each point is judged by."""
    return [each for part, one_in in PARTS.items() for each in [p for p in load_prompts() if p.part == part][::one_in]]


def make(pipeline: Any, file: Path) -> None:
    """Print the shares at up to POINTS steps, evenly over what was kept, the last among them, and plot them."""
    kept = sorted(CURVE.iterdir())
    chosen = [*kept[: -1 : -(-len(kept) // POINTS)], kept[-1]]
    prompts, found = asked(), dict[int, dict[str, float]]()
    for folder in chosen:
        pipeline.unet = UNet2DConditionModel.from_pretrained(folder).float().eval()
        shares = found[int(folder.name)] = evaluate(pipeline, prompts)
        print(folder.name, {part: shares[part] for part in PARTS}, flush=True)
    _plot(found, file)


def _plot(found: dict[int, dict[str, float]], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for part in PARTS:
        axis.plot(list(found), [shares[part] for shares in found.values()], "o-", label=part)
    axis.set_ylim(0, 1)
    axis.set_xlabel("steps since the training was taken up again")
    axis.set_ylabel("share right")
    axis.legend(loc="center right")
    figure.savefig(file, dpi=100)
    pyplot.close(figure)
