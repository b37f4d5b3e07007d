"""The prompts of the evaluation: combinations that training never shows, and what each asks for."""

import json
from dataclasses import asdict, dataclass
from random import Random

from .canvas import PALETTE
from .caption import caption
from .paths import HERE
from .scene import PLACES, STYLES, Scene
from .things import LANGUAGES, load_things

PROMPTS = HERE / "prompts.json"
SEED = 11
PLACED, PAIRS, TRANSLATED = 96, 96, 96


@dataclass(frozen=True)
class Asked:
    """A prompt and the scene that it asks for; ``part`` is thing, place, pair or language."""

    part: str
    prompt: str
    scene: Scene


def load_prompts() -> list[Asked]:
    """The list in the repository."""
    found = []
    for entry in json.loads(PROMPTS.read_text()):
        scene = entry["scene"]
        scene["things"], scene["place"] = tuple(scene["things"]), tuple(scene["place"])
        found.append(Asked(entry["part"], entry["prompt"], Scene(**scene)))
    return found


def make() -> None:
    """Draw the list by its seed and write it."""
    random = Random(SEED)
    things = range(len(load_things()))
    asked = [_ask("thing", thing, random) for thing in things]
    asked += [_ask("place", thing, random) for thing in random.sample(things, PLACED)]
    asked += [_ask("pair", thing, random) for thing in random.sample(things, PAIRS)]
    asked += [_ask("language", thing, random) for thing in random.sample(things, TRANSLATED)]
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
