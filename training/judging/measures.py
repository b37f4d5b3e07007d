"""What can be measured on pictures without knowing what they show: how seeds, strengths, edges and grounds are."""

from itertools import combinations
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..nets.pipeline import draw, refine
from ..scenes.canvas import PALETTE
from ..scenes.things import load_things
from .classifier import Classifier, Picture, background_of, bounding_square, drawn
from .verdict import Verdict, verdict_on

SEEDS = 4
SPACE = 24  # pixels of a whole picture's side where two are compared
GROUNDS = ("white", "light blue", "yellow", "purple")
REFINED = (0.25, 0.5, 0.8)
CENTRE, OVERLAP = 0.08, 0.6  # a place is kept within this share of the side, with this overlap of the boxes
NEAR, REACH = 25, 9  # pixels of an enlarged picture: around an edge, and within which its steepest part is
FAINT = 60.0  # change in RGB below which an outline is too faint to be measured
TILE = 16  # pixels of a ground's tile
NORMAL = 1.2816  # the deviations within which 0.8 of a normal distribution lie

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


def variety(pipeline: Any, things: int) -> dict[str, float]:
    """Return the mean distance between seeds over that between different things on the same background.

    ``variety`` compares whole pictures, so place, size and ground count; ``variety_drawing`` compares drawings cut to
    their squares, as the judge sees them, so they do not.
    """
    chosen = Random(21).sample(range(len(load_things())), things)
    wholes, cuts = [], []
    for place, colour in enumerate(GROUNDS):
        some = chosen[place :: len(GROUNDS)]
        prompts = [f"{load_things()[thing].name} on a {colour} background" for thing in some for _ in range(SEEDS)]
        pictures = draw(pipeline, prompts, seed=100)
        wholes.append(_ratio(np.stack([_small(each) for each in pictures])))
        cuts.append(_ratio(np.stack([_small(_cut(each)) for each in pictures])))
    return {"variety": round(float(np.mean(wholes)), 3), "variety_drawing": round(float(np.mean(cuts)), 3)}


def _small(picture: Picture) -> NDArray[np.float32]:
    small = Image.fromarray(picture).resize((SPACE, SPACE), Image.Resampling.BOX)
    return np.asarray(small).astype(np.float32).ravel()


def _cut(picture: Picture) -> Picture:
    """Return the drawing's square, where it can be told from its ground."""
    box = bounding_square(picture.astype(np.float32), background_of(picture))
    if box is None:
        return picture
    x, y, side = box
    left, top = max(0, round(x - side / 2)), max(0, round(y - side / 2))
    return picture[top : top + round(side), left : left + round(side)]


def _ratio(features: NDArray[np.float32]) -> float:
    """Of features in groups of so many seeds: the mean distance within a group over that between groups."""
    within: list[float] = []
    between: list[float] = []
    for (i, one), (k, other) in combinations(enumerate(features), 2):
        distance = float(np.sqrt(np.square(one - other).mean()))
        (within if i // SEEDS == k // SEEDS else between).append(distance)
    return float(np.mean(within) / np.mean(between))


def refining(img2img: Any, pipeline: Any, prompts: list[str]) -> dict[str, Any]:
    """Refine a picture of the model's for each prompt at three strengths.

    Returns the mean distances from what it was, in grey levels, and ``refine_spread``, the distance at the last
    strength over that at the first.
    """
    distances: dict[float, list[float]] = {strength: [] for strength in REFINED}
    for seed, prompt in enumerate(prompts):
        [own] = draw(pipeline, [prompt], seed=seed)
        for strength in REFINED:
            made = refine(img2img, prompt, Image.fromarray(own), strength, seed + 1000)
            distances[strength].append(float(np.abs(made.astype(float) - own).mean()))
    means = [round(float(np.mean(values)), 2) for values in distances.values()]
    return {"refine_distances": means, "refine_spread": round(means[-1] / means[0], 2)}


def keeping(img2img: Any, count: int) -> dict[str, float]:
    """Make things of so many crude drawings by img2img at 0.5.

    Returns the shares that keep their place (``kept_place``), and that become their thing (``kept_thing``).
    """
    classifier, random = Classifier(), Random(22)
    kept, named = [], []
    for number in range(count):
        thing, colour = random.randrange(len(load_things())), random.choice(list(PALETTE))
        source = _crude(classifier.references[thing, 0], colour, random)
        prompt = f"a {load_things()[thing].name} on a {colour} background"
        made = refine(img2img, prompt, source, 0.5, number)
        kept.append(is_kept(np.asarray(source), made))
        named.append(verdict_on(classifier.look(made), thing) >= Verdict.HALF)
    return {"kept_place": round(float(np.mean(kept)), 3), "kept_thing": round(float(np.mean(named)), 3)}


def _crude(tile: NDArray[np.float32], colour: str, random: Random) -> Image.Image:
    """Return an ellipse as long and as broad as the thing, in its colours above and below, anywhere on a ground."""
    ground = np.array(PALETTE[colour])
    solid = tile[..., 3] > 128
    rows, columns = np.where(solid.any(1))[0], np.where(solid.any(0))[0]
    long = max(len(rows), len(columns))
    side = 128 * random.uniform(0.4, 0.75)
    width, height = side * len(columns) / long, side * len(rows) / long
    x, y = random.uniform(side / 2, 128 - side / 2), random.uniform(side / 2, 128 - side / 2)
    image = Image.new("RGB", (128, 128), tuple(int(value) for value in ground))
    pen = ImageDraw.Draw(image)
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    middle = (rows[0] + rows[-1]) // 2
    for part, (first, last) in ((slice(None, middle + 1), (180, 360)), (slice(middle, None), (0, 180))):
        mean = tile[part][solid[part]][:, :3].mean(0)
        if np.linalg.norm(mean - ground) < 60:
            mean = 255 - ground  # else there would be nothing to see
        pen.chord(box, first, last, fill=tuple(int(value) for value in mean))
    return image


def is_kept(source: Picture, made: Picture) -> bool:
    """Whether the drawing is where it was, by its box."""
    one, other = _box(source), _box(made)
    if one is None or other is None:
        return False
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (one, other)]
    away = max(abs(a - b) for a, b in zip(*middles, strict=True))
    return away <= CENTRE * source.shape[0] and _overlap(one, other) >= OVERLAP


def _box(picture: Picture) -> Box | None:
    mask = drawn(picture.astype(np.float32), background_of(picture))
    rows, columns = np.where(mask.sum(1) >= 2)[0], np.where(mask.sum(0) >= 2)[0]
    if not len(rows) or not len(columns):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common)


def edge_strength(picture: Picture) -> float:
    """How steep a drawing's outline is, on average along it.

    The change from pixel to pixel as a share of the change near by, so that strong colours do not pass for crisp edges.
    A slope over ten pixels gives 0.1.
    """
    pixels = picture.astype(np.float32)
    across, down = np.gradient(pixels, axis=1), np.gradient(pixels, axis=0)
    steep = np.sqrt(np.square(across).sum(-1) + np.square(down).sum(-1))
    kernel = np.ones((NEAR, NEAR), np.uint8)
    near = np.sqrt(np.square(cv2.dilate(pixels, kernel) - cv2.erode(pixels, kernel)).sum(-1))
    mask = drawn(pixels, background_of(picture))
    outline = _grown(mask, 1) & ~mask & (near > FAINT)
    if not outline.any():
        return 0.0
    return float(cv2.dilate(steep / np.maximum(near, 1), np.ones((REACH, REACH)))[outline].mean())


def cloudiness(picture: Picture) -> float:
    """How far a ground is from flat, in grey levels.

    Its deviation from a slope, or from two flat parts one above the other, whichever it is nearer to. By the 80th
    percentile: dots, which cover less than a fifth, do not count.
    """
    pixels = picture.astype(np.float32)
    free = ~_grown(drawn(pixels, background_of(picture)), TILE // 2)
    rows, columns = np.where(free)
    if len(rows) < TILE * TILE:
        return 0.0
    values = pixels[free]
    slope = np.stack([np.ones(len(rows)), rows, columns], 1).astype(np.float32)
    residues = [values - slope @ np.linalg.lstsq(slope, values, rcond=None)[0]]
    for line in range(picture.shape[0] // 2, picture.shape[0] - TILE // 2, 2):
        below = rows >= line
        if below.any() and not below.all():
            means = np.where(below[:, None], np.median(values[below], 0), np.median(values[~below], 0))
            residues.append(values - means)
    return min(float(np.quantile(np.abs(residue), 0.8)) / NORMAL for residue in residues)


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel), bool)
