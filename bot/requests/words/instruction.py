"""Whether words tell what is to become of a picture: “add a hat”, “as a watercolour”, “a bit darker”, “from above”.

Texts are one clause, in small letters without accents, courtesies and marks.
"""

import re

from bot.requests.words.enlarging import asked_factor, bare_factor
from bot.requests.words.lists import ARTICLE, LINKS, PICTURE, WORD, belongs, holds, words

_STRENGTH = re.compile(
    r"(?:(?:strength|denoising|forca|intensidade|fuerza|intensidad)\b.*|\d{1,2}(?:[.,]\d+)?\s*%|0[.,]\d+|"
    r"[1-9]\s?x|(?:high|low|medium|full) strength|"
    r"(?:(?:more|very|mais|mas|muito|muy|bem|bien|only|just|so) )?(?:subtle|subtly|subtler|slightly|strong|stronger|"
    r"strongly|gently|sutil|sutilmente|forte|fortemente|fuerte|fuertemente|ligeramente|levemente)|"
    r"(?:[2-4]|two|three|four|duas|dois|tres|quatro|dos|cuatro) (?:pictures|images|versions|variations|"
    r"imagens|fotos|versoes|variacoes|imagenes|versiones|variaciones))"
)
_SAME_SEED = re.compile(
    r"(?:(?:use|usa|with|com|con) )?(?:the |a |o |la )?(?:same|mesma|misma) (?:seed|semente|semilla)\b"
    r"(?: (?:but|and|with|mas|pero|com|con|e|y)\b)*"
)
#: “as if it were made of lego” is “as lego”
_AS_IF = re.compile(
    r"^(?:as (?:if|though)|like) (?:it|this|he|she|they)(?: (?:was|were|is|are)|'s)(?: (?:made|drawn|built|painted)"
    r"(?: out)?(?: of| in| from| by)?)?|^as (?:if|though) (?:made|drawn|built|painted|carved)(?: out)? "
    r"(?:of|in|from|by)|^como se (?:ele |ela )?(?:fosse|fossem)(?: feit[oa]s?)?(?: de)?|"
    r"^como si (?:fuera|fuese)n?(?: hech[oa]s?)?(?: de)?"
)
#: where in the picture, in which “right” is no agreement
_SIDE = re.compile(r" (?:on|to|at|from) the (?:right|left|top|bottom)(?: side)?\b")
_AS = re.compile(r"(?:as|como|igual a) (?:a|an|um|uma|un|una) (.+)|as (.+)|como (.+)")
_LIKE = re.compile(r"(?:like|tipo) (?:a|an|um|uma|un|una) .+")
_IN = re.compile(
    r"(?:in|on|at|under|with|without|inside|against|wearing|sem|com|em|no|na|nos|nas|num|numa|sob|sin|con|"
    r"en|de|bajo|a la|a las|ao|aos|al|durante a|durante la|que (?:sea|seja|fique|tenha|tenga|pareca|parezca)|"
    r"holding|riding|sitting|standing|flying|dressed|segurando|vestindo|usando|montando|sentad[oa]|vestid[oa]|"
    r"llevando) (.+)|a noite"
)
_STYLE_OF = re.compile(
    r"(?:in |with |na |no |em |en |al |a )?(?:the |a |o |el )?(?:style of|estilo de|estilo do|estilo da|estilo) \w.*|"
    r"(?:in |em |en )?(?:a |an |the )?[\w' -]{2,40} style"
)
_AIR = re.compile(r"(?:da|de|dale|ponle) (?:um|un|uma|una) (?:ar|aire|toque|efeito|efecto) \w.*")
#: where it is seen from, and how much of it
_VIEW = re.compile(
    r"(?:(?:seen |viewed |view |vist[oa] )?(?:from|desde|de) (?:the |a |o |el |la |los )?"
    r"(?:above|below|behind|front|side|left|right|top|bottom|far away|afar|distance|up close|cima|baixo|lado|"
    r"frente|tras|"
    r"longe|perto|arriba|abajo|atras|costado|lejos|cerca|espaldas|costas|perfil)|"
    r"(?:(?:from|in|as|with|de|desde|em|en|com|con) )?(?:an? |um |uma |un |una )?(?:extreme )?(?:close-?\s?up|"
    r"closeup|macro|full[- ]body|wide|long|medium|portrait|low|high|dutch|aerial|"
    r"drone|side|front|back|rear|top[- ]?down|overhead|bird'?s?[- ]?eye|worm'?s?[- ]?eye|fisheye|first[- ]person|pov)"
    r"(?: angle)? (?:shot|angle|view|perspective)|close-?\s?up|closeup|full[- ]body|top[- ]down|fisheye|"
    r"(?:primer|primeiro) plano|plano (?:geral|general|medio|detalhe|detalle|cenital|aereo)|corpo inteiro|"
    r"cuerpo entero|"
    r"(?:vista|visao|angulo|perspectiva) (?:aerea|frontal|lateral|cenital|superior|baixo|bajo|alto|de cima|"
    r"desde arriba))"
)
_MORE = re.compile(
    r"(?:(?:a (?:bit|little|lot)|much|way|even|slightly|far|um pouco|bem|muito|un poco|mucho|aun|ainda) )?"
    r"(?:more|less|mais|menos|mas|much more) (.+)"
)
_DEGREE = re.compile(
    r"(?:a (?:bit|little|lot)|much|way|even|slightly|far|um pouco|bem|muito|un poco|mucho|so|[2-9]\s?x|twice|really) "
)
#: verbs of two words, as one: “take the hat off” removes it
_REMOVES = re.compile(r"take (?:(?:out|off|away) (.+)|(.+) (?:out|off|away))")
#: pronouns that Spanish writes to an order: “gíralo”, “píntale”
_PRONOUN = re.compile(r"(\w{3,}?)(?:[mst]?e)?(?:l[oae]s?)")
_FOR_ME = re.compile(r" (?:for me|for us|pra mim|para mim|pra gente|para mi|para nosotros)$")
_NOT_THE_PICTURE = frozenset(
    ["me", "us", "you", "my", "your", "our", "sense", "sure", "sentido", "friends", "another", "more"]
)
_ITSELF = frozenset(["", "it", "this", "that", "isso", "esto", "la imagen", "a imagem", "the picture", "the image"])
_NO = re.compile(r"no \w+")
_IT = re.compile(r"^(?:it|this|that|him|her|them|isso|ele|ela|esto|eso|lo|la)\b\s*")
_MORE_OF = re.compile(r"(?:more|some|all) \w")
#: orders that people give one another too
_LOOSE = frozenset(["give", "lose", "keep", "use", "move", "set", "add", "increase", "reduce", "place", "cover", "age"])
#: orders that move something: “put it on a beach”, but “put it in the book”
_PLACE_IT = re.compile(
    r"(?:put|place|stick|hang|pon|coloca|coloque|bota|bote|poe|ponha) (?:it|this|that|isso|esto|lo|la) \w+ .+"
)
_DETERMINERS = frozenset("the her his its o a os as el la los las de que everything".split())  # noqa: SIM905
_HAPPENS = frozenset("chover nevar anoitecer amanhecer escurecer brilhar chorar".split())  # noqa: SIM905


def is_instruction(text: str) -> bool:
    """Whether a clause tells beyond doubt what is to become of the picture."""
    if not text:
        return False
    if _STRENGTH.fullmatch(text) or asked_factor(_DEGREE.sub("", text)) or bare_factor(text):
        return True
    text = _SIDE.sub("", _AS_IF.sub("as a", text))
    if text in words()["saying"] or (holds(text, "meta") and not _compound(text)):
        return False
    if _VIEW.fullmatch(text) or _ordered(_as_order(text)):
        return True
    if holds(text, "talk"):
        return False
    if same := _SAME_SEED.match(text):
        return _other_picture(text[same.end() :].strip())
    return _manner(text) or _compared(text) or _named(text)


def is_wish(text: str) -> bool:
    """After “can you” or “puedes”: “make the hands better”, “ponerle un sombrero”; not “make me laugh”."""
    first, _, after = text.partition(" ")
    if not after:
        return False
    if first in words()["order"]:
        return not is_idiom(after) and not holds(after, "talk", "meta")
    return bool(re.fullmatch(r"\w+[aei]r(?:le|lo|la|les|los|las)?", first)) and not holds(after, "talk")


def describes_picture(text: str) -> bool:
    """Whether a text names something that a picture can show, and is no chat."""
    return holds(text, *PICTURE) and not holds(text, "chat")


def changes_picture(text: str) -> bool:
    """Whether plain words say how a picture is to look, “bluer”, “ghibli style”, rather than what it shows."""
    tokens = WORD.findall(text)
    if not tokens:
        return False
    looks = ("style", "colour", "scene", "quality", "comparative")
    of_looks = tokens[0] not in ARTICLE and all(belongs(word, *looks) or word in LINKS for word in tokens)
    if (of_looks and holds(text, *looks)) or _VIEW.fullmatch(text):
        return True
    return _compared(text) or _named(text) or _manner(text)


def is_idiom(after: str) -> bool:
    """Whether an order with these words after it is a saying, or meant for somebody: “sense”, “my day”, “it a rest”."""
    if after.split(" ")[0] in _NOT_THE_PICTURE:
        return True
    idioms = words()["idiom"]
    longer = (
        each for each in idioms if " " in each and (not each.startswith("it ") or each.startswith(("it a ", "it up ")))
    )
    return after in idioms or any(after.startswith(f"{each} ") for each in longer)


def has_manner(text: str) -> bool:
    """Whether a clause opens as “as …”, “in …” or “with …” do."""
    return bool(_AS.match(text) or _IN.match(text))


def _compound(text: str) -> bool:
    """Whether a word for where people talk stands behind a thing that it is a part of: “a lamp post”."""
    tokens = WORD.findall(text)
    found = [place for place, word in enumerate(tokens) if belongs(word, "meta")]
    return all(place and belongs(tokens[place - 1], "thing") for place in found)


def _as_order(text: str) -> str:
    """The order with its verb in one word and its pronouns apart: “quitale las gafas”, “take the hat off”."""
    text = _FOR_ME.sub("", text)
    if removes := _REMOVES.fullmatch(text):
        return f"remove {removes[1] or removes[2]}"
    first, _, after = text.partition(" ")
    if first not in words()["order"] and (pronoun := _PRONOUN.fullmatch(first)) and pronoun[1] in words()["order"]:
        return f"{pronoun[1]} {after}".strip()
    return text


def _ordered(text: str) -> bool:
    """“add a hat”, “make it night”, “hazlo de noche”."""
    first, _, after = text.partition(" ")
    if first not in words()["order"]:
        return False
    if after in _ITSELF:
        return first in words()["complete"]
    if _PLACE_IT.fullmatch(text) and not describes_picture(after):
        return False
    if first in ("zoom", "get"):
        return first == "zoom" or (after.startswith("rid of ") and not is_idiom(after))
    if is_idiom(after) and not _MORE_OF.match(after):
        return False
    return _about_picture(first, after)


def _about_picture(first: str, after: str) -> bool:
    """Whether what an order is about can only be the picture."""
    bound = _IT.sub("", after)
    if holds(bound, "talk") or (first in _LOOSE and belongs(after.split()[0], "chat")):
        return False
    if first == "make" and bound != after:
        return True
    if belongs(bound.split()[-1], "chat"):
        return False
    if first in _LOOSE and first not in ("give", "add", "lose", "increase"):
        return describes_picture(bound)
    if first in ("make", "faca", "faz", "haz") and bound == after:
        return bound in _HAPPENS or (len(bound.split()) > 1 and _more_than_thing(bound))
    return True


def _more_than_thing(bound: str) -> bool:
    """“make the sky purple”, “haz de noche”, not “make a cat”."""
    tokens = bound.split()
    return tokens[0] in _DETERMINERS and (tokens[0] != "a" or (describes_picture(bound) and len(tokens) > 2))


def _other_picture(text: str) -> bool:
    """After “same seed but”: “a dog”, “at night”; not “a different model”."""
    if not text or holds(text, "chat", "setting"):
        return False
    return is_instruction(text) or text.split()[0] in ARTICLE


def _manner(text: str) -> bool:
    """“as a watercolour”, “in the rain”, “without text”, “estilo anime”."""
    if _AIR.fullmatch(text) or (_STYLE_OF.fullmatch(text) and not holds(text, "chat")):
        return True
    if _NO.match(text) and not _IN.match(text.replace("no ", "na ", 1)):
        return False
    if _NO.match(text) and holds(text[3:], "thing", "part", "style", "scene"):
        return not holds(text[3:], "chat", "no_picture")
    if holds(text, "chat") or any(belongs(word, "no_picture") for word in WORD.findall(text)):
        return False
    if found := _AS.match(text):
        return bool(found[1]) or holds(text, "style")
    if _LIKE.fullmatch(text):
        return holds(text, "style")
    return bool(_IN.match(text)) and holds(text, "style", "colour", "part", "scene", "thing", "quality")


def _compared(text: str) -> bool:
    """“a bit darker”, “more contrast”, “menos saturado”."""
    bare = _DEGREE.sub("", f"{text} ").strip()
    tokens = WORD.findall(bare)
    if tokens and all(belongs(word, "comparative") or word in LINKS for word in tokens):
        return any(belongs(word, "comparative") for word in tokens)
    if tokens and belongs(tokens[0], "comparative"):
        return len(tokens) < 5 and holds(bare, "part", "thing", "scene") and not holds(bare, "chat")
    if (found := _MORE.fullmatch(text)) is None:
        return False
    return holds(found[1], "quality", "scene", "thing", "part", "style", "colour") and not holds(found[1], "chat")


def _named(text: str) -> bool:
    """A style, or a part with its colour, and nothing else: “pixel art”, “blue background”."""
    tokens = WORD.findall(text)
    known = ("style", "colour", "part", "scene", "quality")
    if not tokens or not all(belongs(word, *known) or word in LINKS for word in tokens) or tokens[0] in ARTICLE:
        return False
    return holds(text, "style") or (holds(text, "colour", "quality") and holds(text, "part") and len(tokens) > 1)


def is_strength(text: str) -> bool:
    """Whether a clause says only how much is to change, or how many pictures are wanted."""
    return bool(_STRENGTH.fullmatch(text))
