"""What a training picture shows, and how it is drawn."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

import numpy as np

from .artwork import Artwork, Pixels
from .canvas import PALETTE, blank, jittered, outlined, paste
from .things import load_things

#: the styles that can be asked for, and the artwork that each is made from
STYLES = {"flat": "flat", "3d": "3d", "cartoon": "cartoon", "outlined": "flat"}
#: those that a prompt without a style gives
USUAL_STYLES = ("flat", "3d")
#: columns and rows of a small thing's place, 0 to 2 from the left and from the top
PLACES = [(column, row) for column in range(3) for row in range(3)]
THIRDS = (0.23, 0.5, 0.77)
LAYOUTS = {"one": 0.5, "small": 0.2, "big": 0.04, "row": 0.16, "column": 0.05, "many": 0.05}
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


def random_scene(random: Random) -> Scene:
    """A scene that training may show."""
    things = range(len(load_things()))
    while True:
        layout = random.choices(list(LAYOUTS), list(LAYOUTS.values()))[0]
        scene = Scene(
            layout,
            tuple(random.sample(things, 2 if layout in ("row", "column") else 1)),
            random.choices(list(STYLES), [0.33, 0.33, 0.17, 0.17])[0],
            "white" if random.random() < 0.25 else random.choice(list(PALETTE)),
            random.choice(PLACES) if layout == "small" else (1, 1),
            random.choice([2, 3]) if layout == "many" else 1,
        )
        if not scene.is_held_out:
            return scene


class Painter:
    """Draws scenes with the artwork of the things."""

    def __init__(self, artwork: Artwork) -> None:
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
        """A thing's artwork in a style."""
        return self._drawings[thing, style]

    def draw(self, scene: Scene, random: Random) -> Pixels:
        """The picture, of shape (128, 128, 3), with shade, places and sizes a little at random."""
        canvas = blank(jittered(scene.colour, random))

        def put(thing: int, x: float, y: float, least: float, most: float) -> None:
            off = [random.uniform(-0.02, 0.02) for _ in range(2)]
            paste(canvas, self._drawings[thing, scene.style], x + off[0], y + off[1], random.uniform(least, most))

        first = scene.things[0]
        match scene.layout:
            case "one":
                put(first, 0.5, 0.5, 0.76, 0.86)
            case "big":
                put(first, 0.5, 0.5, 1.0, 1.12)
            case "small":
                put(first, THIRDS[scene.place[0]], THIRDS[scene.place[1]], 0.36, 0.42)
            case "row":
                for thing, x in zip(scene.things, (0.26, 0.74), strict=True):
                    put(thing, x, 0.5, 0.43, 0.48)
            case "column":
                for thing, y in zip(scene.things, (0.26, 0.74), strict=True):
                    put(thing, 0.5, y, 0.43, 0.48)
            case "many":
                spots = [(0.26, 0.5), (0.74, 0.5)] if scene.count == 2 else [(0.5, 0.27), (0.26, 0.74), (0.74, 0.74)]
                for x, y in spots:
                    put(first, x, y, 0.43, 0.47)
        return canvas.astype(np.uint8)
