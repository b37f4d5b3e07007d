"""Right, half or wrong: what an eye would say of a picture, after the distance from the artwork that was asked for.

The two bounds were set on pictures that were judged by eye first; how far they agree with other pictures stands in the
model's card.
"""

from enum import IntEnum

from .classifier import Classifier, Picture, Seen, background_of
from .prompts import Asked

#: likeness from which on the nearest thing is right: overlap of outlines, and the others by their shares
RIGHT, TONES, CONTEST = 0.84, 0.15, 0.15
HALF = 0.66  # distance up to which a drawing may be taken for the thing
NEAREST = 5  # a thing among so many nearest is half right


class Verdict(IntEnum):
    """Ordered from the worst."""

    WRONG = 0
    HALF = 1
    RIGHT = 2


def verdict_on(seen: Seen, thing: int) -> Verdict:
    """Whether what was seen is the thing."""
    if not seen.things:
        return Verdict.WRONG
    first, second, *_ = seen.things
    distance = seen.distances[thing]
    # A drawing that could be another thing as well is not right.
    contest = distance / seen.distances[second]
    likeness = seen.overlaps[thing] + TONES * seen.tones[thing] - CONTEST * contest
    if first == thing and likeness >= RIGHT:
        return Verdict.RIGHT
    near = thing in seen.things[:NEAREST]
    return Verdict.HALF if near and distance <= HALF else Verdict.WRONG


def judge_picture(classifier: Classifier, asked: Asked, picture: Picture) -> Verdict:
    """Return the verdict on a whole picture; of a pair both things count, each in its half."""
    if asked.part != "pair":
        return verdict_on(classifier.look(picture), asked.scene.things[0])
    ground = background_of(picture)
    found = zip(halves(picture), asked.scene.things, strict=True)
    return min(verdict_on(classifier.look(half, ground), thing) for half, thing in found)


def halves(picture: Picture) -> tuple[Picture, Picture]:
    """Left and right."""
    middle = picture.shape[1] // 2
    return picture[:, :middle], picture[:, middle:]
