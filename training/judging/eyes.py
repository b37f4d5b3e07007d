"""Pictures that a person judged before the judge did, and how far the two agree."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .classifier import Classifier, Picture
from .prompts import Asked, asked_of
from .verdict import Verdict, judge_picture

SHEET, LIST = Path(__file__).parent / "eyes.webp", Path(__file__).parent / "eyes.json"
TILE = 168  # pixels of a tile's side; pictures stand at its upper left


@dataclass(frozen=True)
class Judged:
    """A picture, its prompt, the person's verdict, and whether the judge's bounds were set without it."""

    asked: Asked
    picture: Picture
    eye: Verdict
    blind: bool


def load_judged() -> list[Judged]:
    """All that were judged, in the order of the list."""
    pixels = np.asarray(Image.open(SHEET).convert("RGB"))
    columns, found = pixels.shape[1] // TILE, []
    for place, entry in enumerate(json.loads(LIST.read_text())):
        asked = asked_of(entry)
        left, top = place % columns * TILE, place // columns * TILE
        picture = pixels[top : top + asked.size[1], left : left + asked.size[0]]
        found.append(Judged(asked, picture, Verdict[entry["eye"].upper()], entry["blind"]))
    return found


def agreement(judged: list[Judged]) -> dict[str, float]:
    """Shares on which both agree: whether it is ``right`` or not, and on all ``three`` verdicts."""
    classifier = Classifier()
    pairs = [(each.eye, judge_picture(classifier, each.asked, each.picture)) for each in judged]
    right = [(eye == Verdict.RIGHT) == (said == Verdict.RIGHT) for eye, said in pairs]
    three = [eye == said for eye, said in pairs]
    kind = [said - eye for eye, said in pairs]
    return {
        "right": round(float(np.mean(right)), 3),
        "three": round(float(np.mean(three)), 3),
        "too_kind": round(float(np.mean(np.array(kind) > 0)), 3),
        "too_strict": round(float(np.mean(np.array(kind) < 0)), 3),
    }
