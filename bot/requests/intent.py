"""Whether words in reply to a picture are an instruction for it, chat, or what only their author can tell. Pure.

An instruction is taken only where it is beyond doubt, since it is paid for; ``words.toml`` holds the vocabulary.
"""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from bot.requests.flags import read_flags
from bot.requests.numbers import without_accents


class Intent(Enum):
    """What words in reply to a picture are meant to be."""

    INSTRUCTION = "instruction"
    UNSURE = "unsure"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Read:
    """What a reply is, and the words of it that are meant for the picture: without praise before them."""

    intent: Intent
    words: str


_CUSTOM_EMOJI, _LINK = re.compile(r"<a?:\w+:\d+>"), re.compile(r"https?://\S+")
_MENTION = re.compile(r"<@[!&]?\d+>|@(?:everyone|here)\b")
_SENTENCE = re.compile(r"[.!?…;\n]+(?=\s|$)|,(?=\s)|[:](?=\s)|(?<=\s)[-–—]+(?=\s)")
#: between praise and what is meant: “I love it but make it darker”
_TURN = re.compile(r"\s(?:(?:and |e |y )?(?:now|agora|ahora)|but|mas|pero)\s", re.IGNORECASE)
_SAME_SEED = re.compile(
    r"(?:(?:use|usa|with|com|con) )?(?:the |a |o |la )?(?:same|mesma|misma) (?:seed|semente|semilla)\b"
    r"(?: (?:but|and|with|mas|pero|com|con|e|y)\b)*"
)
_TOKEN = re.compile(r"[\w'&-]+(?:[.,:]\d+)?%?")
#: before what is meant: “now make it night”, “same but in winter”
_LEAD = re.compile(
    r"(?:(?:now|then|ok|okay|and|so|but|just|also|maybe just|please|pls|plz|kindly|hey|again|this time|"
    r"let'?s|try to|try it|try|do it|do|"
    r"(?:the )?same(?: thing| one| picture)?(?=,| but| in | with| as)|"
    r"agora|entao|e|mas(?= (?:com|sem|em|no|na|de|a noite) )|tambem|por favor|pfv|pf|de novo|tenta|"
    r"(?:a )?mesma coisa(?= mas)|o mesmo(?= mas)|"
    r"ahora|entonces|y|pero|tambien|porfa|porfis|otra vez|prueba|lo mismo(?= pero))\b[\s,:]*)+"
)
_PLEASE = re.compile(r"\b(?:please|pls|plz|por favor|porfa|pfv)\b")
_POLITE = re.compile(
    r"(?:can|could|would|will) (?:you|u|we)(?: please)?|(?:voce )?(?:pode|poderia)|da (?:pra|para)|"
    r"podes|(?:me )?(?:puedes|podrias|puede)"
)
_WISH = re.compile(
    r"what if|se fosse|si fuera|si fuese|"
    r"what about|how about|e se|que tal|y si|i(?:'d| would)? (?:want|like)|quero|queria|quiero|quisiera|maybe"
)
_STRENGTH = re.compile(
    r"(?:(?:strength|denoising|forca|intensidade|fuerza|intensidad)\b.*|\d{1,2}(?:[.,]\d+)?\s*%|0[.,]\d+|"
    r"[1-9]\s?x|"
    r"(?:(?:more|very|mais|mas|muito|muy|only|just|so) )?(?:subtle|subtly|subtler|slightly|strong|stronger|"
    r"strongly|gently|"
    r"sutil|sutilmente|forte|fortemente|fuerte|fuertemente|ligeramente|levemente)|"
    r"(?:[2-4]|two|three|four|duas|dois|tres|quatro|dos|cuatro) (?:pictures|images|versions|variations|"
    r"imagens|fotos|versoes|variacoes|"
    r"imagenes|versiones|variaciones))"
)
#: once more, or a shape: an order for the picture, or talk of a game; “x2” is agreement too
_ONCE_MORE = re.compile(
    r"again|try again|once more|redo|redo it|one more|another one|faz de novo|de novo|outra vez|mais uma|otra vez|"
    r"hazlo otra vez|de nuevo|una mas|\d{1,2}:\d{1,2}|\d{2}x\d{1,2}|\dx\d{2}|x\s?[1-9]"
)
_NEUTRAL_STRENGTH = re.compile(
    r"(?:a (?:bit|little|lot)|very much|much|medium|moderate|high|low|light|soft|weak|um pouco|so um pouco|"
    r"muito|medio|media|bastante|un poco|"
    r"mucho|poco|leve|alto|bajo|baixo)"
)
_ENLARGE = re.compile(
    r"(?:(?:make|hazlo|hazla|deixe|deixa|faca|faz) ?(?:it|this)? )?(?:upscale|enlarge|bigger|larger|maior|"
    r"mas grande|amplia\w*|aumenta\w*|"
    r"agranda\w*|higher resolution|hd|4k|upres|uhd)(?: (?:it|this|more|la|lo|isso|esto))?(?: (?:by|to|em|a|por))?"
)
FACTOR = r"(?:[2-8]\s?[x×]|[x×]\s?[2-8])"
_ENLARGES = re.compile(
    rf"(?:{FACTOR}\s+)?{_ENLARGE.pattern}(?:\s+(?:by |to )?{FACTOR})?|{FACTOR} (?:bigger|larger|maior|mas grande)"
)
_ARTICLE = {*"a an the some um uma o os as un una unos unas el la los las no any".split()}  # noqa: SIM905
_LINKS = _ARTICLE | {
    *"and of with in on at under by e y de do da dos das del com con em en nele nela".split(),  # noqa: SIM905
    *"her his please pls very more less deep big small little long art look effect tone filter version versao".split(),  # noqa: SIM905
}
_AS = re.compile(r"(?:as|como|igual a) (?:if )?(?:it were )?(?:a|an|um|uma|un|una) (.+)|as (.+)|como (.+)")
_IN = re.compile(
    r"(?:in|on|at|under|with|without|inside|against|wearing|sem|com|em|no|na|nos|nas|num|numa|sob|sin|con|"
    r"en|de|bajo|a la|a las|ao|aos|al|durante a|durante la|que (?:sea|seja|fique|tenha|tenga)) (.+)|a noite"
)
_STYLE_OF = re.compile(
    r"(?:in |with |na |no |em |en |al |a )?(?:the |a |o |el )?(?:style of|estilo de|estilo do|estilo da|estilo) \w.*|"
    r"(?:in |em |en )?(?:a |an |the )?[\w' -]{2,40} style"
)
_MORE = re.compile(
    r"(?:(?:a (?:bit|little|lot)|much|way|even|slightly|far|um pouco|bem|muito|un poco|mucho|aun|ainda) )?"
    r"(?:more|less|mais|menos|mas|much more) (.+)"
)
_DEGREE = re.compile(
    r"(?:a (?:bit|little|lot)|much|way|even|slightly|far|um pouco|bem|muito|un poco|mucho|so|[2-9]\s?x|twice|really) "
)
_MAKE = re.compile(
    r"(?:make|get|set|keep|turn|render|draw|paint|do|faca|faz|deixe|deixa|torne|torna|haz|deja|pinta|pinte|mantenha) "
)
_IS = re.compile(r"\b(?:est[áà]s?|están|estão|é|és|será|foi)\b", re.IGNORECASE)
_NOT_THE_PICTURE = frozenset(
    ["me", "us", "you", "my", "your", "our", "sense", "sure", "sentido", "friends", "another", "more"]
)
_ITSELF = frozenset(["", "it", "this", "that", "isso", "esto", "la imagen", "a imagem", "the picture", "the image"])
_NO = re.compile(r"no \w+")
_IT = re.compile(r"^(?:it|this|that|him|her|them|isso|ele|ela|esto|eso|lo|la)\b\s*")
_MORE_OF = re.compile(r"(?:more|some|all) \w")
#: orders that people give one another too
_LOOSE = frozenset(["give", "lose", "keep", "use", "move", "set", "add", "increase", "reduce", "place", "cover", "age"])
#: lists of words of what pictures show
_PICTURE = ("style", "colour", "part", "scene", "thing", "quality", "comparative")
_ALL_WORDS = 25  # of an instruction; more are a story
_FUNNY = re.compile(r"\b(?:lol|lmao|rofl|xd|haha\w*|hehe\w*|ja(?:ja)+|kkk+|rsrs\w*)\b")


@cache
def _words() -> MappingProxyType[str, frozenset[str]]:
    with (files("bot.requests") / "words.toml").open("rb") as file:
        lists = tomllib.load(file)
    return MappingProxyType({name: frozenset(_entries(name, text)) for name, text in lists.items()})


def _entries(name: str, text: str) -> list[str]:
    if name in ("idiom", "saying"):
        return [entry.strip() for entry in text.replace("\n", "|").split("|") if entry.strip()]
    return [phrase or word for phrase, word in re.findall(r'"([^"]+)"|(\S+)', text)]


def _is(word: str, *lists: str) -> bool:
    forms = {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("'s")}
    return any(form in _words()[name] for name in lists for form in forms)


def _has(text: str, *lists: str) -> bool:
    """Whether the text holds a word or a phrase of the lists."""
    tokens = _TOKEN.findall(text)
    pairs = [" ".join(tokens[place : place + size]) for size in (2, 3) for place in range(len(tokens) - size + 1)]
    return any(_is(word, *lists) for word in (*tokens, *pairs))


def read_intent(text: str) -> Read:
    """What a reply's words are. A mention of the bot itself is taken out before."""
    if _MENTION.search(text):
        return Read(Intent.CHAT, text)
    bare = _LINK.sub(" ", _CUSTOM_EMOJI.sub(" ", text))
    flags = read_flags(bare)
    rest = _without_symbols(flags.text)
    if not rest.strip():
        return Read(Intent.INSTRUCTION if flags.found else Intent.CHAT, text)
    whole = _plain(rest).lstrip("¿¡ ")
    clauses = _clauses(rest)
    found = [_of_clause(clause, whole) for clause, _ in clauses]
    if flags.found:
        if "?" in whole or (_has(whole, "talk") and Intent.INSTRUCTION not in found):
            return Read(Intent.CHAT, text)
        return Read(Intent.UNSURE if Intent.CHAT in found or _has(whole, "talk") else Intent.INSTRUCTION, text)
    if Intent.INSTRUCTION not in found:
        likely = Intent.UNSURE in found and not _talks(whole) and Intent.CHAT not in found
        return Read(Intent.UNSURE if likely or _asks_after_praise(clauses, found) else Intent.CHAT, text)
    first = found.index(Intent.INSTRUCTION)
    strength_after_words = first > 0 and _STRENGTH.fullmatch(clauses[first][0])
    doubtful = [kind for kind in found[:first] if kind is Intent.UNSURE]
    chat_after = Intent.CHAT in found[first:]
    words = text if strength_after_words or first == 0 else rest[clauses[first][1] :].strip()
    if Intent.CHAT in found[:first] and strength_after_words:
        return Read(Intent.CHAT, text)
    unclear = (doubtful and not strength_after_words) or chat_after or _FUNNY.search(whole)
    return Read(Intent.UNSURE if unclear or len(whole.split()) > _ALL_WORDS else Intent.INSTRUCTION, words.strip())


def changes_picture(text: str) -> bool:
    """Whether plain words say how a picture is to look, “bluer”, “ghibli style”, rather than what it shows."""
    words = _TOKEN.findall(text)
    if not words:
        return False
    looks = ("style", "colour", "scene", "quality", "comparative")
    of_looks = words[0] not in _ARTICLE and all(_is(word, *looks) or word in _LINKS for word in words)
    return (of_looks and _has(text, *looks)) or _compared(text) or _named(text) or _manner(text)


def is_small_talk(text: str) -> bool:
    """Whether words to the bot itself are only talk, “thanks!”, “hello there”, “what can you do?”, and no prompt."""
    bare = _plain(_without_symbols(_MENTION.sub(" ", _LINK.sub(" ", _CUSTOM_EMOJI.sub(" ", text)))))
    words = _TOKEN.findall(bare)
    if not words:
        return True
    if bare.strip("?!. ") in _words()["saying"] or (bare.endswith("?") and _is(words[0], "question")):
        return True
    return all(_is(word, "chat", "talk", "meta") or word in _LINKS for word in words)


def _asks_after_praise(clauses: list[tuple[str, int]], found: list[Intent]) -> bool:
    """Whether it is praise with a wish behind it: “love it, can you make it darker?”."""
    last = clauses[-1][0] if clauses else ""
    polite = found[-1:] == [Intent.UNSURE] and _POLITE.match(last)
    return bool(polite) and all(_praises(clause) for clause, _ in clauses[:-1])


def _praises(text: str) -> bool:
    """Whether a clause says how good a picture is, and nothing else."""
    words = _TOKEN.findall(text)
    return any(_is(word, "chat", "like") for word in words) and all(
        _is(word, "chat", "like", "praise") for word in words
    )


def _clauses(text: str) -> list[tuple[str, int]]:
    """The parts of a text between its stops, in plain letters, each with its place; a question keeps its mark."""
    parts, start = [], 0
    ends = sorted([*_SENTENCE.finditer(text), *_TURN.finditer(text)], key=lambda each: each.start())
    for end in [*ends, None]:
        stop = end.start() if end else len(text)
        if end and end.re is _TURN and not _praises(_plain(text[start:stop])):
            continue
        clause = _plain(text[start:stop]).strip(" ,.!:;-–—¡\"'“”()")
        if _PLEASE.sub("", clause).strip("¿ "):
            parts.append((clause + ("?" if end and "?" in end[0] else ""), start))
        start = end.end() if end else stop
    return parts


def _of_clause(clause: str, whole: str) -> Intent:
    """What one clause is."""
    question = clause.endswith("?") or clause.startswith("¿")
    polite = bool(_PLEASE.search(whole))
    text = clause.strip("?¿ ")
    if _ONCE_MORE.fullmatch(_PLEASE.sub("", text).strip(" ,")):
        return Intent.CHAT if question else Intent.UNSURE
    if lead := _LEAD.match(f"{text} "):
        text = text[lead.end() :]
    text = " ".join(_FUNNY.sub("", _PLEASE.sub("", text)).split()).strip(" ,")
    if not text:
        return Intent.CHAT
    if asked := _POLITE.match(text):
        rest = text[asked.end() :].strip()
        inner = _instruction(rest) or _infinitive(rest) or _orders_something(rest)
        if inner:
            return Intent.INSTRUCTION if polite else Intent.UNSURE
        return Intent.CHAT
    if wish := _WISH.match(text):
        rest = text[wish.end() :].strip()
        describes = _instruction(rest) or _describes(rest)
        return Intent.UNSURE if describes else Intent.CHAT
    if question and (_is(text.split()[0], "question") or not _instruction(text)):
        return Intent.CHAT
    if _instruction(text):
        return Intent.UNSURE if question else Intent.INSTRUCTION
    if _chatty(text):
        return Intent.CHAT
    return Intent.UNSURE


def _describes(text: str) -> bool:
    return _has(text, *_PICTURE) and not _has(text, "chat")


def _talks(text: str) -> bool:
    return _has(text, "talk", "chat") and not _WISH.match(text) and not _POLITE.match(text)


def _chatty(text: str) -> bool:
    tokens = _TOKEN.findall(text)
    if _has(text, "talk", "chat", "meta") or text in _words()["saying"]:
        return True
    if tokens[0] in ("too", "not", "qual", "muy") or not any(token.strip("%").isalpha() for token in tokens):
        return True
    if len(tokens) == 1:
        return not _has(text, *_PICTURE) and tokens[0] not in ("more", "mais", "mas", "again")
    prefix = _AS.match(text) or _IN.match(text)
    if prefix:
        return any(_is(word, "no_picture") for word in _TOKEN.findall(text))
    if tokens[1] in ("another", "more", "one", "some", "outro", "outra", "otro", "otra", "mais", "mas"):
        return False
    order = tokens[0] in _words()["order"]
    return bool(order and _idiom(" ".join(tokens[1:]))) or tokens[0] in ("don't", "dont", "never", "nunca", "nao")


def _idiom(after: str) -> bool:
    """Whether an order with these words after it is a saying, or meant for somebody: “sense”, “my day”, “it a rest”."""
    if after.split(" ")[0] in _NOT_THE_PICTURE:
        return True
    longer = (each for each in _words()["idiom"] if " " in each and not each.startswith("it "))
    return after in _words()["idiom"] or any(after.startswith(f"{each} ") for each in longer)


def _instruction(text: str) -> bool:
    """Whether a clause, without courtesies, tells beyond doubt what is to become of the picture."""
    if not text:
        return False
    if _STRENGTH.fullmatch(text) or _ENLARGES.fullmatch(_DEGREE.sub("", text)):
        return True
    if _has(text, "meta") or text in _words()["saying"]:
        return False
    if _ordered(text):
        return True
    if _has(text, "talk"):
        return False
    if same := _SAME_SEED.match(text):
        return _other_picture(text[same.end() :].strip())
    return _manner(text) or _compared(text) or _named(text)


def _other_picture(text: str) -> bool:
    """After “same seed but”: “a dog”, “at night”; not “a different model”."""
    if not text or _has(text, "chat", "setting"):
        return False
    return _instruction(text) or text.split()[0] in _ARTICLE


def _ordered(text: str) -> bool:
    """“add a hat”, “make it night”, “hazlo de noche”."""
    first, _, after = text.partition(" ")
    if first not in _words()["order"]:
        return False
    if after in _ITSELF:
        return first in _words()["complete"]
    if first in ("zoom", "get"):
        return first == "zoom" or (after.startswith("rid of ") and not _idiom(after))
    if _idiom(after) and not _MORE_OF.match(after):
        return False
    return _about_picture(first, after)


def _about_picture(first: str, after: str) -> bool:
    """Whether what an order is about can only be the picture."""
    bound = _IT.sub("", after)
    if _has(bound, "talk") or (first in _LOOSE and _is(after.split()[0], "chat")):
        return False
    if first == "make" and bound != after:
        return True
    if _is(bound.split()[-1], "chat"):
        return False
    if first in _LOOSE and first not in ("give", "add", "lose", "increase"):
        return _describes(bound)
    if first in ("make", "faca", "faz", "haz") and bound == after:
        return len(bound.split()) > 1 and _more_than_thing(bound)
    return True


def _more_than_thing(bound: str) -> bool:
    """“make the sky purple”, “haz de noche”, not “make a cat”."""
    words = bound.split()
    return words[0] in (
        "the",
        "her",
        "his",
        "its",
        "o",
        "a",
        "os",
        "as",
        "el",
        "la",
        "los",
        "las",
        "de",
        "que",
        "everything",
    ) and (words[0] not in ("a",) or (_describes(bound) and len(words) > 2))


def _orders_something(text: str) -> bool:
    """After “can you”: “make the hands better”, not “make me laugh”."""
    first, _, after = text.partition(" ")
    return first in _words()["order"] and bool(after) and not _idiom(after) and not _has(after, "talk", "meta")


def _infinitive(text: str) -> bool:
    """After “puedes” or “pode”: “ponerle un sombrero”, “colocar um chapéu”."""
    first, _, after = text.partition(" ")
    return bool(after) and bool(re.fullmatch(r"\w+[aei]r(?:le|lo|la|les|los|las)?", first)) and not _has(after, "talk")


def _manner(text: str) -> bool:
    """“as a watercolour”, “in the rain”, “without text”, “estilo anime”."""
    if _NO.match(text):
        return _has(text[3:], "thing", "part", "style", "scene") and not _has(text[3:], "chat", "no_picture")
    if _has(text, "chat"):
        return False
    if _STYLE_OF.fullmatch(text):
        return True
    words = _TOKEN.findall(text)
    if any(_is(word, "no_picture") for word in words):
        return False
    if found := _AS.match(text):
        return bool(found[1]) or _has(text, "style")
    return bool(_IN.match(text)) and _has(text, "style", "colour", "part", "scene", "thing", "quality")


def _compared(text: str) -> bool:
    """“a bit darker”, “more contrast”, “menos saturado”."""
    bare = _DEGREE.sub("", f"{text} ").strip()
    words = _TOKEN.findall(bare)
    if words and all(_is(word, "comparative") or word in _LINKS for word in words):
        return any(_is(word, "comparative") for word in words)
    if words and _is(words[0], "comparative"):
        return len(words) < 5 and _has(bare, "part", "thing", "scene") and not _has(bare, "chat")
    if (found := _MORE.fullmatch(text)) is None:
        return False
    return _has(found[1], "quality", "scene", "thing", "part", "style", "colour") and not _has(found[1], "chat")


def _named(text: str) -> bool:
    """A style, or a part with its colour, and nothing else: “pixel art”, “blue background”."""
    words = _TOKEN.findall(text)
    known = ("style", "colour", "part", "scene", "quality")
    if not all(_is(word, *known) or word in _LINKS for word in words) or words[0] in _ARTICLE:
        return False
    return _has(text, "style") or (_has(text, "colour", "quality") and _has(text, "part") and len(words) > 1)


def _without_symbols(text: str) -> str:
    """The text with blanks for emoji, letter for letter."""
    return "".join(
        " " if unicodedata.category(char) in ("So", "Sk", "Cs", "Co", "Cn") or char in "\u200d\ufe0f" else char
        for char in text
    )


def _plain(text: str) -> str:
    # “está” is a verb where “esta” is none, and “é” where “e” is.
    return " ".join(without_accents(_IS.sub("is", text.replace("’", "'"))).split())
