"""Which of several pictures words are for: “U2”, “the second”, “la tercera imagen”, “top left, as a sketch”."""

import re

from bot.requests.words.numbers import NUMBER_WORDS, without_accents

_NTH = {
    1: "first|1st|primeira|primeiro|primera|primero",
    2: "second|2nd|segunda|segundo",
    3: "third|3rd|third|terceira|terceiro|tercera|tercero",
    4: "fourth|4th|quarta|quarto|cuarta|cuarto",
}
_LAST = "last|ultima|ultimo"
#: behind an ordinal, which may count something else: “on the second floor”
_SHOWN = r" (?:one|picture|image|photo|version|imagem|foto|imagen)(?!\w)"
_FOLLOWS = (
    "as|in|with|without|at|but|como|com|con|sin|sem|em|en|mas|pero|mais|please|por favor|add|make|put|remove|"
    "change|turn|"
    "coloca|coloque|bota|adiciona|tira|muda|troca|deixa|pon|ponle|anade|agrega|quita|cambia|haz|hazla|hazlo"
)
_ONE = rf"(?:{_SHOWN}|(?=\s*(?:$|[,;:.!]|(?:{_FOLLOWS})\b)))"
_THE = "(?:(?:of |for |on |in |com |con |en |de )?(?:the|a|o|la|el) |na |no |da |do )"
_NUMBERED = (
    r"(?:[uv] ?|# ?|(?:number|numero|no\.|nr\.?|option|opcao|opcion|picture|image|imagem|imagen|foto|photo|version) )"
)
_NUMBERS = {place: "|".join([str(place), *(word for word, n in NUMBER_WORDS.items() if n == place)]) for place in _NTH}
_CHOICE = [
    (
        place,
        re.compile(
            rf"(?<!\w)(?:{_THE}(?:{words}){_ONE}|(?:{words}){_SHOWN}|{place}(?:st|nd|rd|th){_ONE}|"
            rf"{_NUMBERED}(?:{_NUMBERS[place]}))(?!\w)"
        ),
    )
    for place, words in _NTH.items()
]
_CHOSEN_LAST = re.compile(rf"(?<!\w)(?:{_THE}(?:{_LAST}){_ONE}|(?:{_LAST}){_SHOWN})(?!\w)")
#: all of a text: “2”, “(3)”
_BARE = re.compile(r"\(?([1-4])\)?[.!]?")
#: of four pictures in two rows; “a cat in the top left” says where the cat is
_CORNER = re.compile(
    r"(?:in |on |for |na |no |en )?(?:the |a |o |la |el )?(?:(top|upper|bottom|lower)[ -](left|right)|"
    r"(?:de |do |da )?(cima|baixo|arriba|abajo) (?:a |(?:a|de) la |na |no |do lado )?(esquerda|direita|"
    r"izquierda|derecha))"
    r"(?: (?:one|picture|image|photo)|(?=\s*(?:$|[,:])))"
)
_UPPER, _LEFT = ("top", "upper", "cima", "arriba"), ("left", "esquerda", "izquierda")
_PLEASE = re.compile(r"(?:^|[\s,]+)(?:please|pls|plz|por favor|porfa|pfv)\W*$", re.IGNORECASE)


def read_choice(text: str, count: int) -> tuple[int | None, str]:
    """Which of ``count`` pictures a text names, from 0, and the text without it; None if it names none.

    It stands at the beginning or the end; within a text it is “it”: “make the second one darker” is “make it darker”.
    """
    plain = without_accents(text)
    if (bare := _BARE.fullmatch(plain.strip())) and 1 < count >= int(bare[1]):
        return int(bare[1]) - 1, ""
    if count == len(_NTH) and (corner := _CORNER.match(plain)):
        across, down = (corner[2] or corner[4]) not in _LEFT, (corner[1] or corner[3]) not in _UPPER
        return across + 2 * down, _without(text, corner)
    for place, pattern in [*_CHOICE, (count, _CHOSEN_LAST)]:
        for found in pattern.finditer(plain):
            before, after = text[: found.start()].strip(" ,:;-"), text[found.end() :].strip(" ,:;-")
            if place > count:
                continue
            if not (before and after):
                return place - 1, _without(text, found)
            if re.search(_SHOWN, found[0]):
                return place - 1, f"{before} it {after}"
    return None, text


def _without(text: str, found: re.Match[str]) -> str:
    rest = " ".join(filter(None, (text[: found.start()].strip(" ,:;-"), text[found.end() :].strip(" ,:;-."))))
    courtesy = _PLEASE.search(rest)
    return rest[: courtesy.start()] if courtesy else rest
