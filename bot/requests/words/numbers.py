"""Numbers as people write them, “0,5”, “50 %”, “strong”, “random”: alike in options, forms, flags and replies. Pure."""

import math
import re
import unicodedata

from bot.errors import Refusal
from bot.requests.strengths import HIGH, LOW, MEDIUM, MIN_STRENGTH
from generation import MAX_SEED

_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")
_PERCENT = re.compile(rf"({_NUMBER.pattern})\s*(?:%|percent|por ?cento|por ?ciento)")
ANY_SEED = ("", "-1", "random", "any", "aleatorio", "aleatoria", "cualquiera", "qualquer", "azar", "al azar")
NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "um": 1, "uma": 1, "duas": 2, "dois": 2, "tres": 3, "quatro": 4,
    "uno": 1, "una": 1, "dos": 2, "cuatro": 4,
}  # fmt: skip

#: words of strength, without accents
STRENGTH_WORDS = {
    LOW: "subtle|subtler|subtly|more subtle|very subtle|slight|slightly|light|lightly|gentle|gently|soft|softly|low|"
    "weak|mild|mildly|minimal|minimally|barely|a little|a bit|just a bit|just a little|only a little|"
    "sutil|sutilmente|mais sutil|leve|levemente|suave|suavemente|fraco|baixo|baixa|um pouco|um pouquinho|so um pouco|"
    "mas sutil|ligero|ligeramente|debil|bajo|baja|un poco|un poquito|solo un poco|poco",
    MEDIUM: "medium|moderate|moderately|normal|half|medio|media|metade|mitad|moderado|moderada|moderadamente",
    HIGH: "strong|stronger|strongly|very strong|heavy|heavily|high|major|a lot|much|very much|"
    "forte|fortemente|mais forte|bem forte|muito|muito forte|alto|alta|intenso|bastante|"
    "fuerte|fuertemente|mas fuerte|muy fuerte|bien fuerte|mucho|intensa",
    1.0: "max|maximum|full|maximo|maxima|total",
}
_WORDS = {word: value for value, words in STRENGTH_WORDS.items() for word in words.split("|")}


def without_accents(text: str) -> str:
    """Lower case without accents, letter for letter, so that places in it are places in the text."""
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in text).lower()


def number_in(text: str) -> float | None:
    """The number that a text is, with a point or a comma, a hundredth of it with a percent sign; None for any other."""
    text = text.strip()
    found = _PERCENT.fullmatch(text)
    if not found and not _NUMBER.fullmatch(text):
        return None
    number = float((found[1] if found else text).replace(",", ".")) / (100 if found else 1)
    return number if math.isfinite(number) else None


def strength_in(text: str) -> float | None:
    """The strength that a text is: a word, or a number above 0 and up to 1; None for any other."""
    word = " ".join(without_accents(text).split())
    if word in _WORDS:
        return _WORDS[word]
    number = number_in(word)
    return round(number, 3) if number is not None and 0 < number <= 1 else None


def read_strength(text: str) -> float:
    """The strength that a text says, as a number, in percent, or in a word; also with an explanation behind the number.

    Raises Refusal with the range if it says none.
    """
    strength = strength_in(text)
    if strength is None and (first := text.strip().partition(" ")[0]):
        strength = strength_in(first)
    if strength is None or strength < MIN_STRENGTH:
        raise Refusal(
            "Strength must be between {least} and 1, such as 0.5, 50% or “strong”, not “{text}”.",
            least=MIN_STRENGTH,
            text=text,
        )
    return strength


def read_seed(text: str) -> int | None:
    """The seed that a text says; None for any seed, as -1 and the empty text are. Raises Refusal with the range."""
    text = without_accents(text.strip())
    if text in ANY_SEED:
        return None
    if not text.isdecimal() or int(text[:20]) > MAX_SEED:
        raise Refusal(
            "seed must be a whole number between 0 and {most}, or -1 for any; not “{text}”.", most=MAX_SEED, text=text
        )
    return int(text)


def read_whole(name: str, text: str, least: int, most: int) -> int:
    """A whole number within a range. Raises Refusal with the range."""
    number = NUMBER_WORDS.get(without_accents(text.strip())) or number_in(text)
    if number is None or number != int(number) or not least <= number <= most:
        raise Refusal(
            "{name} must be a whole number between {least} and {most}, not “{text}”.",
            name=name, least=least, most=most, text=text,
        )  # fmt: skip
    return int(number)


def read_number(name: str, text: str, least: float, most: float) -> float:
    """A number within a range. Raises Refusal with the range."""
    number = number_in(text)
    if number is None or not least <= number <= most:
        raise Refusal(
            "{name} must be a number between {least} and {most}, not “{text}”.",
            name=name, least=f"{least:g}", most=f"{most:g}", text=text,
        )  # fmt: skip
    return number
