"""The prompts of the evaluation: combinations that training never shows, and what each asks for."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from ..scenes.canvas import PALETTE, SQUARE, Size
from ..scenes.caption import caption
from ..scenes.scene import PLACES, STYLES, Scene, scene_of
from ..scenes.things import LANGUAGES, load_things

PROMPTS = Path(__file__).parent / "prompts.json"
SEED = 11
PLACED, PAIRS, TRANSLATED, SHAPED = 96, 96, 96, 16
#: pictures' sizes in pixels by the shapes that people ask for
SHAPES: dict[str, Size] = {"1:1": SQUARE, "4:3": (144, 112), "3:4": (112, 144), "16:9": (168, 96), "9:16": (96, 168)}


@dataclass(frozen=True)
class Asked:
    """A prompt, its scene and its size in pixels; ``part`` is thing, place, pair, language or shape."""

    part: str
    prompt: str
    scene: Scene
    size: Size = SQUARE


def load_prompts() -> list[Asked]:
    """Return the list in the repository."""
    return [asked_of(entry) for entry in json.loads(PROMPTS.read_text())]


def asked_of(fields: dict[str, Any]) -> Asked:
    """Return a prompt from its fields as JSON gives them."""
    return Asked(fields["part"], fields["prompt"], scene_of(fields["scene"]), tuple(fields["size"]))


def make() -> None:
    """Draw the list by its seed and write it."""
    random = Random(SEED)
    things = range(len(load_things()))
    asked = [_ask("thing", thing, random) for thing in things]
    asked += [_ask("place", thing, random) for thing in random.sample(things, PLACED)]
    asked += [_ask("pair", thing, random) for thing in random.sample(things, PAIRS)]
    asked += [_ask("language", thing, random) for thing in random.sample(things, TRANSLATED)]
    for size in SHAPES.values():
        asked += [replace(_ask("shape", thing, random), size=size) for thing in random.sample(things, SHAPED)]
    lines = ",\n".join(json.dumps(asdict(each), ensure_ascii=False) for each in asked)
    PROMPTS.write_text(f"[\n{lines}\n]\n")


def _ask(part: str, thing: int, random: Random) -> Asked:
    while True:
        scene = Scene(
            {"place": "small", "pair": "row"}.get(part, "one"),
            (thing, random.choice([k for k in range(len(load_things())) if k != thing]))
            if part == "pair"
            else (thing,),
            random.choice(list(STYLES)),
            random.choice(list(PALETTE)),
            random.choice([place for place in PLACES if place != (1, 1)]) if part == "place" else (1, 1),
        )
        if scene.is_held_out:
            break
    language = random.choice(LANGUAGES[1:]) if part == "language" else "en"
    return Asked(part, caption(scene, random, language), scene)
