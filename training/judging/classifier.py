"""Which thing a picture shows: the nearest named artwork.

The feature space is plain: a region's drawing, cut to its bounding square and scaled to 24 x 24 pixels in RGB. The
references are the artwork of every thing in every style, laid on the background that the picture has, so that parts
which melt into the background melt in both. The distance is the mean square over pixels, least over a few shifts of the
square and over both ways that the drawing may look, and divided by how much there is to see, so that faint things do
not win by default.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..scenes.artwork import load_sheet, save_sheet
from ..scenes.things import load_things

SIDE = 24  # pixels of a feature
COLUMNS = 32  # features in a row of the file
DIFFERENT = 36.0  # distance from the background, in RGB, above which a pixel is drawing
#: a blot that is smaller than both, in pixels and as a share of the largest, is a dot of the ground or dirt
SPECK, SPECK_SHARE = 90, 0.06
SHIFTS = [(down, across) for down in (-0.06, 0.0, 0.06) for across in (-0.06, 0.0, 0.06)]
SCALES = (0.9, 1.0, 1.12)
REFERENCES = Path(__file__).parent / "references.png"

Picture = NDArray[np.uint8]
Box = tuple[float, float, float]  # centre x, centre y and side, in pixels


@dataclass(frozen=True)
class Seen:
    """What was found in a region.

    Things by their distance, the nearest first; where the drawing is; and for each thing its distance, the overlap of
    the outlines (0 to 1) and the correlation of light and dark (-1 to 1) where it fits best.
    """

    things: list[int]
    box: Box | None
    distances: tuple[float, ...] = ()
    overlaps: tuple[float, ...] = ()
    tones: tuple[float, ...] = ()


class Classifier:
    """Compares pictures with the references, an RGBA picture of all features, thing by thing and style by style."""

    def __init__(self, path: Path = REFERENCES) -> None:
        """Take the references from a file, which is read at the first look."""
        self._path = path

    @cached_property
    def references(self) -> NDArray[np.float32]:
        """Shape (things, styles, 24, 24, 4), premultiplied, 0 to 255."""
        tiles = np.stack(load_sheet(self._path, SIDE)).astype(np.float32)
        things = len(load_things())
        styles = len(tiles) // things
        return tiles[: things * styles].reshape(things, styles, SIDE, SIDE, 4)

    def look(self, picture: Picture, colour: NDArray[np.float32] | None = None) -> Seen:
        """Return what a picture of shape (height, width, 3) shows; its background's colour is taken from its border."""
        background = background_of(picture) if colour is None else colour
        box = bounding_square(picture.astype(np.float32), background)
        if box is None:
            return Seen([], None)
        references = self.references
        laid = (references[..., :3] - background * (references[..., 3:] / 255)).astype(np.float32)
        crops = _crops(picture, box, background) - background
        distances = _distances(laid.reshape(-1, SIDE * SIDE * 3), crops.reshape(len(crops), -1))
        things, styles = references.shape[:2]
        by_thing = distances.reshape(things, styles * len(crops))
        style, crop = np.unravel_index(by_thing.argmin(1), (styles, len(crops)))
        best = by_thing.min(1)
        overlaps, tones = _likeness(laid[np.arange(things), style], crops[crop])
        return Seen(np.argsort(best).tolist(), box, tuple(best.tolist()), tuple(overlaps), tuple(tones))


def _crops(picture: Picture, box: Box, background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the drawing's square at 24 x 24, a little moved and scaled, and all that mirrored."""
    x, y, side = box
    crops = np.stack(
        [
            _crop(picture, x + across * side, y + down * side, side * scale, background)
            for scale in SCALES
            for down, across in SHIFTS
        ]
    )
    return np.concatenate([crops, crops[:, :, ::-1]])


def _distances(theirs: NDArray[np.float32], ours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean squares between rows, by how much there is to see: shape (theirs, ours)."""
    much, more = np.square(theirs).mean(1), np.square(ours).mean(1)
    squares = much[:, None] + more - 2 * (theirs @ ours.T) / theirs.shape[1]
    found: NDArray[np.float32] = squares / (np.sqrt(np.outer(much, more)) + 100)
    return found


def _likeness(wanted: NDArray[np.float32], found: NDArray[np.float32]) -> tuple[list[float], list[float]]:
    """Return overlaps and tones of as many pairs, each of shape (n, 24, 24, 3) without its background."""
    one, other = (np.sqrt(np.square(each).sum(-1)) > DIFFERENT for each in (wanted, found))
    either = one | other
    count = np.maximum(either.sum((1, 2)), 1)
    light = [each.mean(-1) * either for each in (wanted, found)]
    light = [(each - (each.sum((1, 2)) / count)[:, None, None]) * either for each in light]
    spread = np.sqrt(np.square(light[0]).sum((1, 2)) * np.square(light[1]).sum((1, 2)))
    tones = (light[0] * light[1]).sum((1, 2)) / np.maximum(spread, 1)
    return ((one & other).sum((1, 2)) / count).tolist(), tones.tolist()


def background_of(picture: Picture) -> NDArray[np.float32]:
    """Return the median colour of a picture's border, four pixels wide at 128."""
    edge = max(1, min(picture.shape[:2]) // 32)
    border = [picture[:edge], picture[-edge:], picture[:, :edge], picture[:, -edge:]]
    median: NDArray[np.float32] = np.median(np.concatenate([part.reshape(-1, 3) for part in border]), axis=0)
    return median.astype(np.float32)


def drawn(pixels: NDArray[np.float32], background: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a picture differs from its background, specks left out: a mask of shape (height, width)."""
    mask = np.sqrt(np.square(pixels - background).sum(-1)) > DIFFERENT
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    areas = np.bincount(labels[mask], minlength=labels.max() + 1)
    kept = areas >= min(SPECK, SPECK_SHARE * areas.max())
    found: NDArray[np.bool_] = kept[labels] & mask
    return found


def bounding_square(pixels: NDArray[np.float32], background: NDArray[np.float32]) -> Box | None:
    """Return the square around what differs from the background; specks in thin rows and columns do not count."""
    mask = drawn(pixels, background)
    rows, columns = np.where(mask.sum(1) >= 2)[0], np.where(mask.sum(0) >= 2)[0]
    if not len(rows) or not len(columns):
        return None
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return float(left + right) / 2, float(top + bottom) / 2, float(max(bottom - top, right - left))


def _crop(picture: Picture, x: float, y: float, side: float, background: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a square of a picture at 24 x 24; outside of the picture lies the background."""
    half, margin = side / 2, int(side) + 1
    padded = Image.new(
        "RGB", (picture.shape[1] + 2 * margin, picture.shape[0] + 2 * margin), tuple(int(v) for v in background)
    )
    padded.paste(Image.fromarray(picture), (margin, margin))
    box = (x - half + margin, y - half + margin, x + half + margin, y + half + margin)
    return np.asarray(padded.resize((SIDE, SIDE), Image.Resampling.BOX, box=box)).astype(np.float32)


def save_references(drawings: list[NDArray[np.uint8]], path: Path = REFERENCES) -> None:
    """Write drawings of shape (128, 128, 4), premultiplied, as one picture of small features."""
    save_sheet(drawings, COLUMNS, path, SIDE)
