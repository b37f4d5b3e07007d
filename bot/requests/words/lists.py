"""The lists of ``words.toml``, and which words of a text are in them. Texts are in small letters, without accents."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from types import MappingProxyType

WORD = re.compile(r"[\w'&-]+(?:[.,:]\d+)?%?")
#: lists of words of what pictures show
PICTURE = ("style", "colour", "part", "scene", "thing", "quality", "comparative")
ARTICLE = {*"a an the some um uma o os as un una unos unas el la los las no any".split()}  # noqa: SIM905
#: words that say nothing by themselves
LINKS = ARTICLE | {
    *"and of with in on at under by e y de do da dos das del com con em en nele nela".split(),  # noqa: SIM905
    *"her his please pls very more less deep big small little long art look effect tone filter".split(),  # noqa: SIM905
    *"version versao hour hora".split(),  # noqa: SIM905
}
#: beside -s and -es
_PLURALS = (("ies", "y"), ("ns", "m"), ("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("ces", "z"))
#: whose entries are phrases, with bars between them
_PHRASES = ("idiom", "saying")


@cache
def words() -> MappingProxyType[str, frozenset[str]]:
    """Each list by its name."""
    with (files("bot.requests.words") / "words.toml").open("rb") as file:
        lists = tomllib.load(file)
    return MappingProxyType({name: frozenset(_entries(name, text)) for name, text in lists.items()})


def _entries(name: str, text: str) -> list[str]:
    if name in _PHRASES:
        return [entry.strip() for entry in text.replace("\n", "|").split("|") if entry.strip()]
    return [phrase or word for phrase, word in re.findall(r'"([^"]+)"|(\S+)', text)]


def belongs(word: str, *lists: str) -> bool:
    """Whether a word, or what it is the plural of, is in one of the lists."""
    forms = {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("'s")}
    forms |= {word.removesuffix(many) + one for many, one in _PLURALS if word.endswith(many)}
    return any(form in words()[name] for name in lists for form in forms)


def holds(text: str, *lists: str) -> bool:
    """Whether the text holds a word or a phrase of the lists."""
    tokens = WORD.findall(text)
    # Behind other words “no” is “in the” in Portuguese: “neve no telhado”.
    tokens = [word for place, word in enumerate(tokens) if not place or word != "no"]
    pairs = [" ".join(tokens[place : place + size]) for size in (2, 3) for place in range(len(tokens) - size + 1)]
    return any(belongs(word, *lists) for word in (*tokens, *pairs))
