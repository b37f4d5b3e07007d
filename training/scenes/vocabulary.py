"""The words that training teaches, by language, as a file that the bot can ask."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from generation.vocabulary import WORD

from . import caption
from .scene import PLACES
from .things import LANGUAGES, load_things, plural

ENGLISH_AN = ("an",)  # what the article becomes before a vowel
WAYS = 40  # of saying a place, drawn at random: all of them come


def make(path: Path) -> int:
    """Write the words of each language in order; returns how many there are."""
    words = {language: sorted(set(_words(_texts(language)))) for language in LANGUAGES}
    path.write_text(json.dumps(words, ensure_ascii=False, indent=1) + "\n")
    return sum(map(len, words.values()))


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from WORD.findall(re.sub(r"\{\w*\}", " ", text).lower())


def _texts(language: str) -> Iterator[str]:
    """Names, and all that captions say around them; praise and moods are left out, since nothing is drawn for them."""
    for thing in load_things():
        for name in thing.names[language]:
            yield from (name, plural(name, language))
    for words in (*caption.COLOURS.values(), *caption.STYLES.values()):
        yield from words[language]
    for templates in (caption.STYLE_WORDS, caption.BACKGROUNDS, caption.BESIDE, caption.ABOVE, caption.OPENINGS):
        yield from templates[language]
    yield from ENGLISH_AN if language == "en" else ()
    for words in (caption.ARTICLES, caption.SMALL, caption.BIG):
        yield from words[language]
    yield from caption.NUMBERS[language].values()
    random = Random(0)
    yield from (caption.place_said(place, random, language) for place in PLACES for _ in range(WAYS))
