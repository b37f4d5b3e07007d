"""Scenes, captions and the evaluation's prompts."""

from random import Random

import numpy as np
import pytest

from training.judging.classifier import Classifier, background_of
from training.judging.prompts import load_prompts
from training.scenes.artwork import SIDE
from training.scenes.canvas import PALETTE, SQUARE, blank, ground, nearest_colour, paste
from training.scenes.caption import caption, without_accents
from training.scenes.scene import PLACES, SIZES, THIRDS, Scene, Steady, random_scene, spots
from training.scenes.things import LANGUAGES, load_things, plural


def test_there_are_two_hundred_things_with_names_of_their_own_in_three_languages() -> None:
    """No name stands for two things, in no language."""
    things = load_things()
    assert len(things) >= 200
    owners: dict[str, set[str]] = {}
    for thing in things:
        for language in LANGUAGES:
            for name in thing.names[language]:
                owners.setdefault(name, set()).add(thing.code)
    assert [name for name, codes in owners.items() if len(codes) > 1] == []


def test_training_never_shows_what_the_evaluation_asks_for() -> None:
    """All prompts of the evaluation are held out, and ten thousand random scenes hold none of them."""
    asked = load_prompts()
    assert all(each.scene.is_held_out for each in asked)
    combinations = {(each.scene.things, each.scene.colour) for each in asked if each.part == "thing"}
    pairs = {tuple(sorted(each.scene.things)) for each in asked if each.part == "pair"}
    random = Random(1)
    for _ in range(10_000):
        scene = random_scene(random)
        assert (scene.things, scene.colour) not in combinations
        assert tuple(sorted(scene.things)) not in pairs


def test_captions_name_the_thing_the_background_and_an_unusual_style() -> None:
    """Whatever the wording, a name of the thing, its colour and the style are in it."""
    random = Random(2)
    scene = Scene("one", (0,), "outlined", "purple")
    for _ in range(200):
        text = caption(scene, random, "en")
        assert any(name in text for name in load_things()[0].names["en"])
        assert "purple" in text or "violet" in text
        assert "outline" in text


@pytest.mark.parametrize(
    ("language", "name", "expected"),
    [
        ("en", "cat", "cats"), ("en", "mouse", "mice"), ("en", "fox", "foxes"), ("en", "butterfly", "butterflies"),
        ("en", "donkey", "donkeys"), ("pt", "leão", "leões"), ("pt", "caracol", "caracóis"), ("pt", "flor", "flores"),
        ("pt", "urso de pelúcia", "ursos de pelúcia"), ("es", "ratón", "ratones"), ("es", "pez", "peces"),
        ("es", "flor", "flores"), ("es", "oso de peluche", "osos de peluche"),
    ],
)  # fmt: skip
def test_plurals_follow_the_language(language: str, name: str, expected: str) -> None:
    """The common rules, the first word of a name of several, and the irregular ones."""
    assert plural(name, language) == expected


def test_accents_may_be_left_out() -> None:
    """As people type them."""
    assert without_accents("maçã, pingüino, ratón") == "maca, pinguino, raton"


@pytest.mark.slow
def test_the_classifier_names_the_artwork_itself_wherever_it_stands() -> None:
    """Of every fifth thing, small and off centre on a coloured ground, 19 of 20 are found by their own features.

    An axe whose handle is as its ground is not.
    """
    classifier, random = Classifier(), Random(3)
    references, found = classifier.references, []
    for thing in range(0, len(load_things()), 5):
        colour = random.choice(list(PALETTE))
        canvas = blank(PALETTE[colour])
        tile = references[thing, 0].astype(np.uint8)
        drawing = tile[np.arange(SIDE) * len(tile) // SIDE][:, np.arange(SIDE) * len(tile) // SIDE]
        paste(canvas, drawing, random.uniform(0.35, 0.65), random.uniform(0.35, 0.65), 0.5)
        picture = canvas.astype(np.uint8)
        assert nearest_colour(background_of(picture)) == colour
        found.append(thing in classifier.look(picture).things[:3])
    assert np.mean(found) >= 0.95


def test_what_a_prompt_leaves_open_varies_and_what_it_names_does_not() -> None:
    """One thing on one colour comes in other places, sizes, grounds and ways to look; its colour keeps its name."""
    random, scene = Random(5), Scene("one", (0,), "flat", "light blue")
    drawn = [spots(scene, random, SQUARE)[0] for _ in range(200)]
    xs, ys, shares = (np.array(values) for values in zip(*[each[1:] for each in drawn], strict=True))
    assert min(np.ptp(xs), np.ptp(ys), np.ptp(shares)) > 0.3
    for colour in PALETTE:
        grounds = [ground(colour, random) for _ in range(12)]
        assert len({each.astype(np.uint8).tobytes() for each in grounds}) == len(grounds)
        assert {nearest_colour(background_of(each.astype(np.uint8))) for each in grounds} == {colour}


@pytest.mark.parametrize("size", SIZES)
def test_things_stand_whole_and_unsquashed_in_every_shape(size: tuple[int, int]) -> None:
    """In the sizes from 128 to 192 each thing's square lies within the picture, but those asked to be big."""
    random, shorter = Random(6), min(size)
    assert 128 <= max(size) <= 192
    for _ in range(300):
        scene = random_scene(random)
        for _, x, y, share in spots(scene, random, size):
            left, top = x * size[0] - share * shorter / 2, y * size[1] - share * shorter / 2
            assert scene.layout == "big" or min(left, top, size[0] - left - share * shorter) > -8


def test_a_small_thing_stands_in_the_corner_that_is_named() -> None:
    """In each of nine places, within a sixth of the side of its middle."""
    random = Random(7)
    for place in PLACES:
        for _ in range(50):
            [(_, x, y, share)] = spots(Scene("small", (3,), "flat", "red", place), random, SQUARE)
            assert max(abs(x - THIRDS[place[0]]), abs(y - THIRDS[place[1]])) < 1 / 6
            assert share < 0.45


def test_no_chance_draws_the_same_plain_picture_each_time() -> None:
    """What the text encoder learns from leaves nothing open."""
    scene = Scene("row", (1, 2), "flat", "green")
    assert spots(scene, Steady(), SQUARE) == spots(scene, Steady(), SQUARE)
    canvas = ground("green", Steady())
    assert (canvas == canvas[0, 0]).all()
