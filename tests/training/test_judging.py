"""The judge agrees with eyes, and what is measured on pictures is what its name says."""

from random import Random

import numpy as np
import pytest
from PIL import Image, ImageFilter

from training.judging.classifier import Classifier, Picture
from training.judging.eyes import agreement, load_judged
from training.judging.measures import cloudiness, edge_strength, is_kept
from training.judging.sharpness import FACTOR, enlarger
from training.judging.verdict import Verdict, verdict_on
from training.scenes.canvas import PALETTE, ground

LEAST_AGREEMENT, LEAST_JUDGED = 0.85, 100


def disc(x: float, y: float, radius: float, *, ground: str = "white", colour: str = "red") -> Picture:
    """Return a disc, its middle and radius in pixels of 128, with smooth edges."""
    down, across = np.mgrid[0:128, 0:128].astype(np.float32)
    inside = np.clip(radius + 0.5 - np.hypot(across - x, down - y), 0, 1)[..., None]
    mixed = np.array(PALETTE[ground]) * (1 - inside) + np.array(PALETTE[colour]) * inside
    return np.asarray(mixed, np.uint8)


def blurred(picture: Picture, radius: float) -> Picture:
    """Return a picture after a Gaussian blur of so many pixels."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def enlarged(picture: Picture) -> Picture:
    """Return a picture as members get it."""
    return np.asarray(enlarger().enlarge(Image.fromarray(picture), FACTOR))


@pytest.mark.slow
def test_the_judge_agrees_with_eyes_on_pictures_that_its_bounds_were_set_without() -> None:
    """Of a hundred pictures and more that a person judged first, the judge says of 85 in 100 the same: right or not."""
    blind = [each for each in load_judged() if each.blind]
    assert len(blind) >= LEAST_JUDGED
    assert {each.eye for each in blind} == set(Verdict)
    assert agreement(blind)["right"] >= LEAST_AGREEMENT


@pytest.mark.slow
def test_a_picture_of_another_thing_is_wrong() -> None:
    """The pictures that eyes called right are not right for the thing that comes next in the list."""
    classifier = Classifier()
    right = [each for each in load_judged() if each.eye == Verdict.RIGHT and each.asked.part == "thing"]
    things = len(classifier.references)
    others = [verdict_on(classifier.look(each.picture), (each.asked.scene.things[0] + 1) % things) for each in right]
    assert sum(other == Verdict.RIGHT for other in others) == 0


@pytest.mark.slow
def test_edges_are_the_less_steep_the_more_they_are_blurred() -> None:
    """Whatever the contrast: a faint crisp disc is as sharp as a strong one, and both are sharper than blurred ones."""
    crisp, faint = disc(64, 64, 40), disc(64, 64, 40, colour="pink")
    strengths = [edge_strength(enlarged(blurred(crisp, radius))) for radius in (0, 2, 4)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[2] < 0.6 * strengths[0]
    assert edge_strength(enlarged(faint)) == pytest.approx(strengths[0], rel=0.15)


@pytest.mark.slow
def test_every_ground_that_training_draws_is_flat_and_clouds_are_not() -> None:
    """Slopes, dots and horizons do not count as clouds; a soft noise of six grey levels does."""
    random, noise = Random(4), np.random.default_rng(4)
    grounds = [ground(random.choice(list(PALETTE)), random).astype(np.uint8) for _ in range(40)]
    assert max(map(cloudiness, grounds)) < 1
    small = Image.fromarray(noise.normal(0, 6, (16, 16)).astype(np.float32)).resize((128, 128))
    clouds = (np.array(PALETTE["teal"]) + np.asarray(small)[..., None]).astype(np.uint8)
    assert cloudiness(clouds) > 2.5


@pytest.mark.parametrize(
    ("made", "kept"),
    [((44, 80, 25), True), ((50, 76, 24), True), ((64, 64, 50), False), ((80, 44, 25), False), ((44, 80, 14), False)],
)
def test_a_place_is_kept_by_a_drawing_of_the_same_size_that_hardly_moved(
    made: tuple[float, float, float], kept: bool
) -> None:
    """The middle within 8 % of the side, and boxes that overlap by 0.6."""
    assert is_kept(disc(44, 80, 25), disc(*made, colour="purple")) is kept
