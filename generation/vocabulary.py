"""The words that the embedded model knows; it passes over all others."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "embedded" / "vocabulary.json"
DRAWABLE_THINGS = 236  # as training/scenes/things.txt lists them
WORD = re.compile(r"[^\W_]*[^\W\d_][^\W_]*")  # letters, and digits beside them
#: a LoRA, and the end of “cat's”, which name nothing that is to be seen
_NOT_WORDS = re.compile(r"<\w+:[^<>]*>|(?<=\w)['’]s\b")
#: of which no picture shows anything, in English, Portuguese and Spanish
_SMALL = """
me my his her its their your our that this these those it is are be was i you he she they there which who by
for from as at into onto over under up down out off so very some any really just also please thanks make show
want would like can could do get give nice beautiful pretty
me meu minha seu sua que isso este esta esse essa e é ser está são eu você ele ela eles para por pelo pela no
na nos nas num numa dum duma ao à às aos como muito muita bem só também favor faça faz desenha quero queria
mostra bonito bonita lindo linda
mi tu su que eso esto este esta ese esa y es está son yo él ella ellos para por como muy mucho mucha bien
solo también favor haz dibuja dibújame quiero quisiera muestra bonito bonita lindo linda hermoso hermosa
the of and or with without not no o os as um uns de do da dos das com sem ou não el los las un una unos unas
del con sin u ni
"""


def unknown_words(prompt: str) -> tuple[str, ...]:
    """Return the words of a prompt that the embedded model knows in none of its languages.

    Each comes once, in its order and in lower case; accents may be left out. Words such as “some” or “please”, of which
    no model draws anything, and LoRAs are none.
    """
    text = _NOT_WORDS.sub(" ", unicodedata.normalize("NFC", prompt))
    words = dict.fromkeys(WORD.findall(text.lower()))
    return tuple(word for word in words if _plain(word) not in _known())


@cache
def _known() -> frozenset[str]:
    by_language: dict[str, list[str]] = json.loads(FILE.read_text())
    return frozenset(_plain(word) for words in (*by_language.values(), _SMALL.split()) for word in words)


def _plain(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))
