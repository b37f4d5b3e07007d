"""How people ask for a larger picture: “bigger”, “upscale 2x”, “4 veces más grande”.

Texts are in small letters, without accents.
"""

import re

DEFAULT_FACTOR = 2

_TIMES = r"(?:times|vezes|veces)"
_FACTOR = (
    rf"(?:(?:by |to |a |em |por |para )?(?:([2-8])\s?[x×]|[x×]\s?([2-8])|([2-8]) {_TIMES}|"
    r"twice|el doble|o dobro|double)|(?:by|por) ([2-8])\b)"
)
_IT = r"(?:it|this|more|the picture|the image|la|lo|isso|esto|a imagem|la imagen)"
_VERB = (
    r"(?:upscale|enlarge|upres|ampli(?:a|e|ar|alo|ala|arlo|arla)|aument(?:a|e|ar|alo|ala)|agrand(?:a|ar|alo|ala)|"
    r"(?:increase|double|aumenta|duplica|dobra) (?:the |its |o |a |el |la )?(?:size|resolution|tamanho|tamano|"
    r"resolucao|resolucion))"
)
_LARGER = r"(?:bigger|larger|maior|mas grande|in higher resolution|(?:in |em |en )?(?:higher resolution|hd|uhd|4k))"
_SHAPE_IT = r"(?:(?:make|hazlo|hazla|deixe|deixa|faca|faz) ?(?:it |this |isso )?)"
_DEGREE = r"(?:(?:a (?:bit|little|lot)|much|even|um pouco|bem|un poco|mucho) )"
_TWICE = (
    r"(?:twice (?:as (?:big|large)|the size|its size)|double (?:the |its )?size|o dobro(?: do tamanho)?|"
    r"duas vezes maior|el doble(?: de (?:grande|tamano))?|dos veces mas grande)"
)
_ASKED = re.compile(
    rf"(?:{_SHAPE_IT}?{_TWICE}|"
    rf"{_SHAPE_IT}?(?:{_FACTOR}\s+)?(?:{_VERB}(?: {_IT})?|{_SHAPE_IT}?{_DEGREE}?{_LARGER})(?:\s+{_FACTOR})?)"
    r"(?: (?:please|pls|por favor|for me|pra mim|para mim|para mi))*"
)
#: a reply of nothing else, as the buttons that enlarge are labelled
_BARE = re.compile(r"([2-8])\s?[x×]|[x×]\s?([2-8])")


def asked_factor(text: str) -> int | None:
    """How many times larger a text asks a picture to be; None if it asks for something else."""
    found = _ASKED.fullmatch(text)
    if found is None:
        return None
    return int(next((each for each in found.groups() if each), DEFAULT_FACTOR))


def bare_factor(text: str) -> int | None:
    """The factor that is all of a text, “2x”."""
    found = _BARE.fullmatch(text)
    return int(found[1] or found[2]) if found else None
