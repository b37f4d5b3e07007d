"""What people wrote, shown so that it can do no harm."""

import re
import unicodedata

import discord

from generation import Sentence

NOTHING = ("Cc", "Cs")  # kinds of characters that are no text: control characters and halves of others
#: turn the direction of what follows, also of what is not theirs
TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: beside and between words, from web pages and phones: blanks without a width, soft hyphens, marks of file and order
UNSEEN = TURNING | frozenset("\u00ad\u034f\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff\ufff9\ufffa\ufffb")
_TAGS = re.compile("(?<!\U0001f3f4)(?<![\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+")  # of a flag they are part
ZWNJ, ZWJ = "\u200c", "\u200d"
VIRAMA = 9  # Unicode's combining class of the sign that joins the consonants of Indic scripts
#: letters and signs by their kind, of which nothing is drawn: fillers of Hangul, Braille's blank
INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800")
RIGHT_TO_LEFT = ("R", "AL")
MAX_PARAM = 400  # characters of a text in a sentence
_WORD = re.compile(r"[A-Za-z0-9](?:_?[A-Za-z0-9.,×-])*")
_OWN_EMOJI = re.compile(r"<a?:(\w{1,32}):\d{1,20}>")
MAX_MARKS = 4  # accents on one letter; more run over the lines around
_ACCENT = "[\u0300-\u036f\u0489\u1ab0-\u1aff\u20d0-\u20ff]"
_MARKS = re.compile(rf"({_ACCENT}{{{MAX_MARKS}}}){_ACCENT}+")


def strip_control_characters(text: str) -> str:
    """A prompt without what is no text; lines, alphabets, emoji and what joins them are kept.

    A server's own emoji, “<:smile:123>”, are their names: no model knows numbers of Discord.
    """
    text = strip_invisible(_OWN_EMOJI.sub(r"\1", text))
    kept = (char if char in "\n\t" or unicodedata.category(char) not in NOTHING else " " for char in text)
    return "".join(kept).strip()


def strip_invisible(text: str) -> str:
    """The text without characters that nobody sees; what joins emoji, or letters of scripts that need it, is kept.

    Of the joiners of Arabic and Indic scripts, as RFC 5892 has them (appendix A.1 and A.2).
    """
    text = _TAGS.sub("", "".join(char for char in text if char not in UNSEEN))
    if ZWJ not in text and ZWNJ not in text:
        return text
    kept = ""
    for place, char in enumerate(text):
        if char not in (ZWJ, ZWNJ) or _joins(char, kept, text[place + 1 : place + 2]):
            kept += char
    return kept


def _joins(char: str, before: str, after: str) -> bool:
    """Whether a joiner between the text before and the letter after it changes how they look."""
    if VIRAMA in (unicodedata.combining(each) for each in before[-1:] + after):
        return True
    if char == ZWJ and after and unicodedata.category(after) in ("So", "Sm"):
        return before[-1:] == "\ufe0f" or (before != "" and unicodedata.category(before[-1]) in ("So", "Sk", "Sm"))
    letters = before[-MAX_MARKS - 1 :].rstrip("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u0670")
    return unicodedata.bidirectional(letters[-1:] or " ") == "AL"


def escape_params(sentence: Sentence) -> Sentence:
    """The sentence with its texts as ``escape_for_discord`` makes them; plain words stay as they are."""
    params = {
        name: value if not isinstance(value, str) or _WORD.fullmatch(value) else escape_for_discord(value, MAX_PARAM)
        for name, value in sentence.params.items()
    }
    return Sentence(sentence.template, params)


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen: blanks, control characters and letters without a shape."""
    return all(unicodedata.category(char)[0] in "ZCM" or char in INVISIBLE for char in text)


def escape_for_discord(text: str, most: int) -> str:
    """The text on one line, with Markdown, links and mentions as plain characters, cut to ``most`` characters.

    Right-to-left text is kept to itself; what turns the direction of the words around is no text.
    """
    line = " ".join(_MARKS.sub(r"\1", strip_control_characters(text)).split())
    safe = discord.utils.escape_mentions(discord.utils.escape_markdown(line))
    safe = safe.replace("://", ":\u200b//").replace("<", "<\u200b").replace("](", "]\u200b(")
    short = safe if len(safe) <= most else safe[: most - 1].rstrip("\\") + "…"
    turned = any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in short)
    return f"\u2068{short[: most - 2]}\u2069" if turned else short
