"""Whether words in reply to a picture are an instruction for it, chat, or what only their author can tell. Pure.

An instruction is taken only if it is beyond doubt, since it is paid for; ``words`` holds the vocabulary.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from bot.requests.flags import read_flags
from bot.requests.words.instruction import describes_picture, has_manner, is_idiom, is_instruction, is_strength, is_wish
from bot.requests.words.lists import LINKS, PICTURE, WORD, belongs, holds, words
from bot.requests.words.numbers import without_accents


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
    r"what if|se (?:fosse|tivesse|estivesse)|si (?:fuera|fuese|tuviera|estuviera)|(?:it )?could be|pod(?:ia|"
    r"eria) (?:ser|estar)|podria (?:ser|estar)|"
    r"what about|how about|e se|que tal|y si|i(?:'d| would)? (?:want|like)|quero|queria|quiero|quisiera|maybe"
)
#: once more, or a shape: an order for the picture, or talk of a game; “x2” is agreement too
_ONCE_MORE = re.compile(
    r"again|try again|once more|redo|redo it|one more|another|another one|faz de novo|de novo|outra vez|mais uma|"
    r"otra vez|hazlo otra vez|de nuevo|una mas|\d{1,2}:\d{1,2}|\d{2}x\d{1,2}|\dx\d{2}|x\s?[1-9]"
)
_IS = re.compile(r"\b(?:tô|tá|est[áà]s?|están|estão|é|és|será|foi)\b", re.IGNORECASE)
#: questions to the bot itself
_ASKS_US = re.compile(
    r"(?:what|how|why|who|when|where|which) (?:can|do|does|did|is|are|was|were|will|would|should|many|much|long|"
    r"models?|else)\b.*|"
    r"(?:what|how|who|where)'?s\b.*|(?:are|is|do|will) (?:you|this|it|there)\b.*|o que .*|"
    r"(?:que|qual|quais|como|quem|quando|onde|por que|porque|quanto|quantos|quantas) "
    r"(?:voce|vc|eu|isso|isto|funciona|is|te|posso|faz|sabe|sabes|puedes|haces|eres|imagens|custa|tempo)\b.*|"
    r"(?:cuanto|cuantos|cuantas|quien|cual|como|que|donde|cuando|por que) "
    r"(?:es|esta|eres|te|me|se|sabes|puedes|haces|funciona|cuesta|imagenes|puedo|tan)\b.*|(?:eres|sos|voce is|"
    r"vc is) .*|"
    r"(?:can you )?(?:please )?help(?: me| us)?(?: please)?|(?:me )?ajuda(?: ai| por favor)?|"
    r"ayuda(?:me)?(?: por favor)?"
)
_GREETING = 5  # words of a greeting or thanks, “thanks, that was great”
_OURS = re.compile(r"\b(?:my|your|our|meu|minha|seu|sua|mi|tu|nuestr[oa])\b")
_ALL_WORDS = 25  # of an instruction; more are a story
_FUNNY = re.compile(r"\b(?:lol|lmao|rofl|xd|haha\w*|hehe\w*|ja(?:ja)+|kkk+|rsrs\w*)\b")
_SO = re.compile(r"so (?:much |very |damn |freaking )?\w+")
#: who does something, or what is marvelled at: “this deserves a frame”, “so fluffy”, “que gato gordo”
_TELLS = re.compile(
    r"(?:this|that|it|he|she|everyone|someone|nobody|who) \w+s\b|"
    r"(?:so|such|what an?|those|these|too|not|qual|muy|tan|tao|poor|pobre|coitad[oa]s?) \w.*|"
    r"que (?!(?:sea|seja|fique|tenha|tenga|este|esteja|pareca|parezca|haya|haja|lleve|use)\b)\w.*|"
    r"\d+ (?:out of|de|of) \d+|take \w.*|"
    r"(?:happy|merry|feliz|felices|buen|buena|boa|bom|good) (?:new year|birthday|\w+day|christmas|easter|"
    r"halloween|ano \w+|"
    r"cumple\w*|navidad|natal|pascoas?|pascuas?|fiestas|aniversario|semana|finde|fds|luck|evening|sorte|suerte)\b.*"
)


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
        if "?" in whole or (holds(whole, "talk") and Intent.INSTRUCTION not in found):
            return Read(Intent.CHAT, text)
        return Read(Intent.UNSURE if Intent.CHAT in found or holds(whole, "talk") else Intent.INSTRUCTION, text)
    if Intent.INSTRUCTION not in found:
        likely = Intent.UNSURE in found and not _talks(_PLEASE.sub("", whole)) and Intent.CHAT not in found
        return Read(Intent.UNSURE if likely or _asks_after_praise(clauses, found) else Intent.CHAT, text)
    first = found.index(Intent.INSTRUCTION)
    strength_after_words = first > 0 and is_strength(clauses[first][0])
    doubtful = [kind for kind in found[:first] if kind is Intent.UNSURE]
    chat_after = Intent.CHAT in found[first:]
    words = text if strength_after_words or first == 0 else rest[clauses[first][1] :].strip()
    if Intent.CHAT in found[:first] and strength_after_words:
        return Read(Intent.CHAT, text)
    unclear = (doubtful and not strength_after_words) or chat_after or _FUNNY.search(whole)
    return Read(Intent.UNSURE if unclear or len(whole.split()) > _ALL_WORDS else Intent.INSTRUCTION, words.strip())


def is_small_talk(text: str) -> bool:
    """Whether words to the bot itself are only talk, “thanks!”, “hello there”, “what can you do?”, and no prompt."""
    bare = _plain(_without_symbols(_MENTION.sub(" ", _LINK.sub(" ", _CUSTOM_EMOJI.sub(" ", text))))).lstrip("¿¡ ")
    said = bare.strip("?!. ")
    tokens = WORD.findall(said)
    if not tokens or said in words()["saying"]:
        return True
    if (asked := _POLITE.match(said)) and is_wish(said[asked.end() :].strip()):
        return False
    if _ASKS_US.fullmatch(said) or (bare.endswith("?") and holds(said, "question", "talk", "chat")):
        return True
    if belongs(tokens[0], "chat") and len(tokens) <= _GREETING and not holds(said, *PICTURE):
        return read_intent(text).intent is Intent.CHAT
    return all(belongs(word, "chat", "talk", "meta") or word in LINKS for word in tokens)


def _asks_after_praise(clauses: list[tuple[str, int]], found: list[Intent]) -> bool:
    """Whether it is praise with a wish behind it: “love it, can you make it darker?”."""
    last = clauses[-1][0] if clauses else ""
    polite = found[-1:] == [Intent.UNSURE] and _POLITE.match(last)
    return bool(polite) and all(_praises(clause) for clause, _ in clauses[:-1])


def _praises(text: str) -> bool:
    """Whether a clause says how good a picture is, and nothing else."""
    tokens = WORD.findall(text)
    return any(belongs(word, "chat", "like") for word in tokens) and all(
        belongs(word, "chat", "like", "praise") for word in tokens
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
    if _SO.fullmatch(text):
        return Intent.CHAT
    if _ONCE_MORE.fullmatch(_PLEASE.sub("", text).strip(" ,")):
        return Intent.CHAT if question else Intent.UNSURE
    if lead := _LEAD.match(f"{text} "):
        text = text[lead.end() :]
    text = " ".join(_FUNNY.sub("", _PLEASE.sub("", text)).split()).strip(" ,")
    if not text:
        return Intent.CHAT
    if asked := _POLITE.match(text):
        rest = text[asked.end() :].strip()
        if is_instruction(rest) or is_wish(rest):
            return Intent.INSTRUCTION if polite else Intent.UNSURE
        return Intent.CHAT
    if wish := _WISH.match(text):
        rest = text[wish.end() :].strip()
        describes = is_instruction(rest) or (describes_picture(rest) and not _OURS.search(rest))
        return Intent.UNSURE if describes else Intent.CHAT
    if question and (belongs(text.split()[0], "question") or not is_instruction(text)):
        return Intent.CHAT
    if is_instruction(text):
        return Intent.UNSURE if question else Intent.INSTRUCTION
    return Intent.CHAT if _chatty(text) or _FUNNY.search(whole) else Intent.UNSURE


def _talks(text: str) -> bool:
    return holds(text, "talk", "chat") and not _WISH.match(text) and not _POLITE.match(text)


def _chatty(text: str) -> bool:
    tokens = WORD.findall(text)
    if holds(text, "talk", "chat", "meta") or text in words()["saying"]:
        return True
    if _TELLS.fullmatch(text) or not any(token.strip("%").isalpha() for token in tokens):
        return True
    if len(tokens) == 1:
        return not holds(text, *PICTURE) and tokens[0] not in ("more", "mais", "mas", "again")
    if has_manner(text):
        return any(belongs(word, "no_picture") for word in tokens)
    if tokens[1] in ("another", "more", "one", "some", "outro", "outra", "otro", "otra", "mais", "mas"):
        return False
    order = tokens[0] in words()["order"]
    if belongs(tokens[0], "person"):
        return True
    return bool(order and is_idiom(" ".join(tokens[1:]))) or tokens[0] in ("don't", "dont", "never", "nunca", "nao")


def _without_symbols(text: str) -> str:
    """The text with blanks for emoji, letter for letter."""
    return "".join(
        " " if unicodedata.category(char) in ("So", "Sk", "Cs", "Co", "Cn") or char in "\u200d\ufe0f" else char
        for char in text
    )


def _plain(text: str) -> str:
    # “está” is a verb where “esta” is none, and “é” where “e” is.
    return " ".join(without_accents(_IS.sub("is", text.replace("’", "'"))).split())
