"""Scenes, captions and the evaluation's prompts."""

from random import Random

import numpy as np
import pytest

from training.judging.classifier import Classifier, background_of
from training.judging.prompts import load_prompts
from training.scenes.artwork import SIDE
from training.scenes.canvas import PALETTE, blank, nearest_colour, paste
from training.scenes.caption import caption, without_accents
from training.scenes.scene import Scene, random_scene
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


def test_the_classifier_names_the_artwork_itself_wherever_it_stands() -> None:
    """Every fifth thing, small and off centre on a coloured ground, is found by its own features."""
    classifier, random = Classifier(), Random(3)
    references = classifier.references
    for thing in range(0, len(load_things()), 5):
        colour = random.choice(list(PALETTE))
        canvas = blank(PALETTE[colour])
        tile = references[thing, 0].astype(np.uint8)
        drawing = np.ascontiguousarray(
            np.kron(tile, np.ones((SIDE // 24 + 1, SIDE // 24 + 1, 1), np.uint8))[:SIDE, :SIDE]
        )
        paste(canvas, drawing, random.uniform(0.35, 0.65), random.uniform(0.35, 0.65), 0.5)
        picture = canvas.astype(np.uint8)
        assert nearest_colour(background_of(picture)) == colour
        assert thing in classifier.look(picture).things[:3]
