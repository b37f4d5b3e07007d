"""What a training picture shows, and how it is drawn."""

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from .artwork import Artwork, Pixels
from .canvas import PALETTE, SQUARE, Size, ground, outlined, paste, tinted
from .things import load_things

#: the styles that can be asked for, and the artwork that each is made from
STYLES = {"flat": "flat", "3d": "3d", "cartoon": "cartoon", "outlined": "flat"}
#: those that a prompt without a style gives
USUAL_STYLES = ("flat", "3d")
#: columns and rows of a small thing's place, 0 to 2 from the left and from the top
PLACES = [(column, row) for column in range(3) for row in range(3)]
THIRDS = (0.23, 0.5, 0.77)
LAYOUTS = {"one": 0.45, "small": 0.2, "big": 0.03, "row": 0.2, "column": 0.06, "many": 0.06}
#: sizes of pictures, in pixels, and how often; the longer sides are 128 to 192
SIZES: dict[Size, float] = {
    SQUARE: 0.5,
    (144, 112): 0.1, (112, 144): 0.1,
    (168, 96): 0.1, (96, 168): 0.1,
    (192, 112): 0.05, (112, 192): 0.05,
}  # fmt: skip
MIRRORED = 0.5  # share of the drawings
HELD_OUT_SINGLES, HELD_OUT_PAIRS = 9, 4  # one in so many combinations is never shown in training


@dataclass(frozen=True)
class Scene:
    """Things (by their places in the list), style, background, and how they are laid out."""

    layout: str
    things: tuple[int, ...]
    style: str
    colour: str
    place: tuple[int, int] = (1, 1)
    count: int = 1
    placed: bool = True  # whether a small thing's place is said

    @property
    def is_held_out(self) -> bool:
        """Whether training must not show it: its thing on this background, in this place, or beside the other."""
        first = self.things[0]
        if len(self.things) == 2:
            return sum(self.things) % HELD_OUT_PAIRS == 0
        colour, place = list(PALETTE).index(self.colour), PLACES.index(self.place)
        return (first * 5 + colour) % HELD_OUT_SINGLES == 0 or (
            self.layout == "small" and (first * 2 + place) % HELD_OUT_SINGLES == 0
        )


def scene_of(fields: dict[str, Any]) -> Scene:
    """Return a scene from its fields as JSON gives them."""
    return Scene(**{**fields, "things": tuple(fields["things"]), "place": tuple(fields["place"])})


def random_scene(random: Random) -> Scene:
    """Return a scene that training may show."""
    things = range(len(load_things()))
    while True:
        layout = random.choices(list(LAYOUTS), list(LAYOUTS.values()))[0]
        placed = layout == "small" and random.random() < 0.8
        scene = Scene(
            layout,
            tuple(random.sample(things, 2 if layout in ("row", "column") else 1)),
            random.choices(list(STYLES), [0.33, 0.33, 0.17, 0.17])[0],
            "white" if random.random() < 0.25 else random.choice(list(PALETTE)),
            random.choice(PLACES) if placed else (1, 1),
            random.choice([2, 3]) if layout == "many" else 1,
            placed,
        )
        if not scene.is_held_out:
            return scene


class Steady(Random):
    """No chance at all: what a scene leaves open is in the middle, plain, and not mirrored."""

    def random(self) -> float:
        """Return the least that there is."""
        return 0.0

    def uniform(self, a: float, b: float) -> float:
        """Return the middle."""
        return (a + b) / 2


class Painter:
    """Draws scenes with the artwork of the things."""

    def __init__(self, artwork: Artwork) -> None:
        """Take what ``make data`` drew."""
        self._artwork = artwork

    @cached_property
    def _drawings(self) -> dict[tuple[int, str], Pixels]:
        places = {key: place for place, key in enumerate(zip(self._artwork.codes, self._artwork.styles, strict=True))}
        drawings = {}
        for index, thing in enumerate(load_things()):
            for style, source in STYLES.items():
                pixels = self._artwork.pixels[places[thing.code, source]]
                drawings[index, style] = outlined(pixels) if style == "outlined" else pixels
        return drawings

    def drawing(self, thing: int, style: str) -> Pixels:
        """Return a thing's artwork in a style."""
        return self._drawings[thing, style]

    def draw(self, scene: Scene, random: Random, size: Size = SQUARE) -> Pixels:
        """Return the picture, of shape (height, width, 3).

        What the scene leaves open is at random: ground, shades, places, sizes, and which way things look.
        """
        canvas = ground(scene.colour, random, size)
        factors = (random.uniform(0.9, 1.06), random.uniform(0.9, 1.06), random.uniform(0.9, 1.06))
        mirrored = random.random() >= 1 - MIRRORED
        for thing, x, y, share in spots(scene, random, size):
            drawing = tinted(self._drawings[thing, scene.style], factors)
            paste(canvas, drawing[:, ::-1].copy() if mirrored else drawing, x, y, share)
        return canvas.astype(np.uint8)


def spots(scene: Scene, random: Random, size: Size) -> list[tuple[int, float, float, float]]:
    """Each thing with its centre, in shares of width and height, and its side, in shares of the shorter side."""
    first, (across, down) = scene.things[0], (side / min(size) for side in size)

    def anywhere(share: float, margin: float = 0.02) -> tuple[float, float]:
        x, y = (min(0.5, (share / 2 + margin) / long) for long in (across, down))
        return random.uniform(x, 1 - x), random.uniform(y, 1 - y)

    def near(x: float, y: float, most: float, off: float = 0.04) -> tuple[float, float, float]:
        return x + random.uniform(-off, off), y + random.uniform(-off, off), most * random.uniform(0.84, 1)

    match scene.layout:
        case "one":
            share = random.uniform(0.54, 0.9)
            return [(first, *anywhere(share), share)]
        case "big":
            return [(first, *near(0.5, 0.5, 1.14))]
        case "small" if scene.placed:
            return [(first, *near(THIRDS[scene.place[0]], THIRDS[scene.place[1]], 0.42))]
        case "small":
            share = random.uniform(0.3, 0.44)
            return [(first, *anywhere(share), share)]
        case "row":
            most, level = 0.96 * min(across / 2, down), random.uniform(-0.06, 0.06)
            places = zip(scene.things, (0.26, 0.74), strict=True)
            return [(thing, *near(x, 0.5 + level, most, 0.015)) for thing, x in places]
        case "column":
            most, level = 0.96 * min(across, down / 2), random.uniform(-0.06, 0.06)
            places = zip(scene.things, (0.26, 0.74), strict=True)
            return [(thing, *near(0.5 + level, y, most, 0.015)) for thing, y in places]
        case "many" if scene.count == 2:
            return [(first, *near(x, 0.5, 0.96 * min(across / 2, down))) for x in (0.26, 0.74)]
        case _:
            return [(first, *near(x, y, 0.48)) for x, y in ((0.5, 0.27), (0.26, 0.74), (0.74, 0.74))]
