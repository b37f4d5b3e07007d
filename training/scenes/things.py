"""The things that the model draws, with their names in three languages."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .artwork import code_of

THINGS = Path(__file__).parent / "things.txt"
LANGUAGES = ("en", "pt", "es")
IRREGULAR = {
    "mouse": "mice",
    "wolf": "wolves",
    "sheep": "sheep",
    "deer": "deer",
    "fish": "fish",
    "die": "dice",
    "knife": "knives",
}
#: how words of a language end, and how their plurals do; the first that fits is taken, else an s is added
ENDINGS = {
    "en": [("ch", "ches"), ("sh", "shes"), ("x", "xes"), ("ay", "ays"), ("ey", "eys"), ("oy", "oys"), ("y", "ies")],
    "pt": [
        ("ão", "ões"),
        ("m", "ns"),
        ("al", "ais"),
        ("el", "éis"),
        ("ol", "óis"),
        ("il", "is"),
        ("r", "res"),
        ("z", "zes"),
    ],
    "es": [("ón", "ones"), ("ín", "ines"), ("án", "anes"), ("z", "ces")]
    + [(letter, letter + "es") for letter in "dlnrj"],
}


@dataclass(frozen=True)
class Thing:
    """One thing: its emoji's code, and its names by language, the usual one first."""

    code: str
    names: dict[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The English name that it is known by."""
        return self.names["en"][0]


@cache
def load_things() -> tuple[Thing, ...]:
    """All things in the order of the list."""
    things = []
    for line in THINGS.read_text().splitlines():
        if not line.startswith("#"):
            emoji, *names = line.split("|")
            by_language = zip(LANGUAGES, names, strict=True)
            things.append(Thing(code_of(emoji), {key: tuple(text.split(", ")) for key, text in by_language}))
    return tuple(things)


def plural(name: str, language: str) -> str:
    """Return a name's plural by the common rules of the language; those that are plural already stay."""
    if language == "en":
        return IRREGULAR.get(name) or _by_rules(name, language)
    first, _, rest = name.partition(" ")
    return f"{_by_rules(first, language)} {rest}".strip()


def _by_rules(word: str, language: str) -> str:
    if word.endswith("s"):
        return word
    for ending, other in ENDINGS[language]:
        if word.endswith(ending):
            return word.removesuffix(ending) + other
    return word + "s"
