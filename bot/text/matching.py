"""Words found in a prompt however they are written: spaced, accented, with look-alike letters or figures. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

IGNORED = ("Mn", "Me", "Cf")  # accents, enclosing marks, and what has no width

#: letters of other alphabets that look like ours; Unicode's full list is https://www.unicode.org/reports/tr39/
_LOOKALIKES = dict(zip(
    "авсеһіјкмнопрѕтухьԁԛԝгяαβγεηικμνορτυχωϲϳօսհոզıɑɡɩʋꞵ",
    "abcehijkmhonpstyxbdqwrrabyenikuvoptuxwcjouhnqiagivb",
    strict=True,
))  # fmt: skip
#: ł, ø, ᴀ, 🅐, 🇦: what Unicode itself calls a Latin letter
_NAMED = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER|SMALL CAPITAL|SYMBOL LETTER)"
    r"(?: (?:SMALL CAPITAL|OPEN|TURNED|REVERSED|SCRIPT|DOTLESS|LONG))* ([A-Z])(?: WITH .+)?$"
)
#: figures and signs that stand for letters; 1 and | for either of two
_FIGURES = str.maketrans("0345789@$€!+", "oeastbgaseit")
_ONE = (str.maketrans("1|", "ii"), str.maketrans("1|", "ll"))

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"  # of a word
_CLOSE = r"(?:[^\w\s]|_){0,2}"  # between the letters of a word
_APART = r"[\W_]{1,3}"  # between letters written one by one
_SPACE = r"[\W_]+"
_NO_LETTERS, _REPEATED = re.compile(r"[\W_]+"), re.compile(r"(.)\1+")
SHORTEST_APART = 3  # letters; “a s” is no word
FIRST_WITHOUT_SPACES = "\u2e80"  # from here on stand the scripts that write no spaces between words


def plain(text: str) -> str:
    """The text in small letters without accents, with our letters for those that look like them."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(_letter(char) for char in folded)


@cache
def _letter(char: str) -> str:
    if char.isascii():
        return char
    if unicodedata.category(char) in IGNORED:
        return ""
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    named = _NAMED.search(unicodedata.name(char, ""))
    return named[1].lower() if named else char


def readings(text: str) -> tuple[str, ...]:
    """How the text may be meant: unchanged, and with figures as letters."""
    as_it_stands = plain(text)
    letters = as_it_stands.translate(_FIGURES)
    return tuple(dict.fromkeys((as_it_stands, *(letters.translate(one) for one in _ONE))))


class Words:
    """A list of words and phrases; ``*`` at an end stands for any letters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {word: _squashed(plain(word)) for word in words if plain(word).replace("*", "").strip()}

    def find(self, texts: Iterable[str]) -> str | None:
        """The first of the words that one of the readings contains."""
        for text in texts:
            # Most words are ruled out by this, which takes a hundredth of the patterns' time.
            squashed = _squashed(text)
            for word, core in self._words.items():
                if core in squashed and _compiled(word).search(text):
                    return word
        return None


def _squashed(text: str) -> str:
    """Only the letters and figures, each once if it is repeated."""
    return _REPEATED.sub(r"\1", _NO_LETTERS.sub("", text))


@lru_cache(maxsize=4096)
def _compiled(word: str) -> re.Pattern[str]:
    return re.compile(_pattern(word))


def _pattern(word: str) -> str:
    word = plain(word).strip()
    parts = word.replace("*", "").split()
    start = "" if word.startswith("*") or parts[0][0] >= FIRST_WITHOUT_SPACES else _START
    end = "" if word.endswith("*") or parts[-1][-1] >= FIRST_WITHOUT_SPACES else _END
    return start + _SPACE.join(_token(part) for part in parts) + end


def _token(part: str) -> str:
    # Runs of one letter are taken together, so that no two neighbours can match the same text: the time stays linear.
    runs = [f"{re.escape(letter)}{{{len(run)},}}" for run, letter in re.findall(r"((.)\2*)", part)]
    close = _CLOSE.join(runs)
    apart = _APART.join(f"{re.escape(letter)}+" for letter in part)
    return f"(?:{close}|{apart})" if len(part) >= SHORTEST_APART else close
