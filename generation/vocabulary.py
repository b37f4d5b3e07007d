"""The words that the embedded model knows; it passes over all others."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "embedded" / "vocabulary.json"
WORD = re.compile(r"[^\W_]*[^\W\d_][^\W_]*")  # letters, and digits beside them


def unknown_words(prompt: str) -> tuple[str, ...]:
    """Return the words of a prompt that the embedded model knows in none of its languages.

    Each comes once, in its order and in lower case; accents may be left out.
    """
    words = dict.fromkeys(WORD.findall(unicodedata.normalize("NFC", prompt).lower()))
    return tuple(word for word in words if _plain(word) not in _known())


@cache
def _known() -> frozenset[str]:
    by_language: dict[str, list[str]] = json.loads(FILE.read_text())
    return frozenset(_plain(word) for words in by_language.values() for word in words)


def _plain(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
