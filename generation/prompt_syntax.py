r"""The syntax that Automatic1111 and ComfyUI gave to prompts: weights, breaks and LoRAs. Pure.

(word)           1.1 times as strong      ((word))   1.1² times
[word]           1 / 1.1 times            \( \) \[ \]  the letters themselves
(word:1.3)       1.3 times                BREAK      what follows begins another chunk
<lora:name:0.8>  a LoRA with its weight   AND        the same, and a weight may stand before it: "cat :1.2 AND dog"
[a:b:0.5]        a, and b from the middle on: read as the one that stands longer, since prompts stay as they are here
[a:5] [a::5]     a from the fifth step on, or until it: read as a
[a|b]            a and b in turns: read as a
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

STEP = 1.1  # what a pair of brackets multiplies by
MAX_NESTED = 20  # changes within changes that are looked at
HALF = 0.5  # of the run
USUAL_STEPS = 20
MAX_WEIGHT = 10.0  # either way; more than about 2 spoils pictures anyway

#: a part of a prompt and its weight
Part = tuple[str, float]

_SIGN = re.compile(r"\\[()\[\]\\]|\\|[()\[\]]|:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*\)|:|[^\\()\[\]:]+")
_BREAK = re.compile(r"\s*\bBREAK\b\s?")
#: between words in small letters only: "SALT AND PEPPER" is lettering
_PART = re.compile(rf"{_BREAK.pattern}|\s+AND\s+(?![A-Z]{{2}})|(?<![A-Z]{{2}})\s+AND\s+")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_LORA = re.compile(r"<\s*(?:lora|lyco|wlr|hypernet)\s*:\s*([^:<>]+?)\s*((?::[^:<>]*)*)>", re.IGNORECASE)
_WEIGHT = re.compile(rf":\s*(?:unet\s*=\s*)?({_NUMBER})\s*(?=:|$)")
_SEGMENT = re.compile(rf"^(.*?)\s*:\s*({_NUMBER})\s*$", re.DOTALL)
_CHANGE = re.compile(rf"(?<!\\)\[(?:([^\[\]\"{{}}]*):)?([^\[\]:\"{{}}]*):\s*({_NUMBER})\s*\]")
_TURNS = re.compile(r"(?<!\\)\[([^\[\]|\"{}]*)\|[^\[\]\"{}]*\]")
_EXPLICIT = re.compile(r":\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*\)")


@dataclass(frozen=True, slots=True)
class LoraTag:
    """A LoRA that a prompt asks for; its usual weight if it names none."""

    name: str
    weight: float | None


def take_loras(prompt: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its <lora:name:weight>, and those."""
    tags = tuple(LoraTag(name, _weight(options)) for name, options in _LORA.findall(prompt))
    return re.sub(r"\s{2,}", " ", _LORA.sub("", prompt)).strip() if tags else prompt, tags


def _weight(options: str) -> float | None:
    """The first weight of a LoRA's options, which is the denoiser's; None if they have none."""
    found = _WEIGHT.search(options)
    return float(found[1]) if found else None


def settled(prompt: str) -> str:
    """The prompt with words that would change in mid-run as those that stand the longest."""
    for _ in range(MAX_NESTED):
        simpler = _TURNS.sub(r"\1", _CHANGE.sub(_longest, prompt))
        if simpler == prompt:
            break
        prompt = simpler
    return prompt


def _longest(change: re.Match[str]) -> str:
    before, after, when = change[1] or "", change[2], float(change[3])
    early = when <= (HALF if "." in change[3] else USUAL_STEPS * HALF)
    return (after or before) if early else (before or after)


def parse(prompt: str) -> tuple[tuple[Part, ...], ...]:
    """The prompt's chunks, each of parts with their weights; "a (b:1.3) c" is (("a ", 1), ("b", 1.3), (" c", 1))."""
    chunks = _PART.split(settled(prompt))
    return tuple(_parts(_SEGMENT.sub(r"(\1:\2)", chunk) if len(chunks) > 1 else chunk) for chunk in chunks)


def is_weighted(prompt: str) -> bool:
    """Whether the prompt uses any of the syntax, for encoders that know it."""
    weights = (weight for chunk in parse(prompt) for _, weight in chunk)
    return any(weight != 1 for weight in weights) or bool(_PART.search(prompt)) or "\\" in prompt or changes(prompt)


def changes(prompt: str) -> bool:
    """Whether words of the prompt would change in mid-run."""
    return settled(prompt) != prompt


def without_syntax(prompt: str) -> str:
    """The prompt for an encoder that knows no weights: numbers and BREAK are taken out, and the words stay.

    Brackets without a number are left if no part has one: they are punctuation in plain sentences.
    """
    prompt = settled(prompt)
    if not (_EXPLICIT.search(prompt) or _BREAK.search(prompt)):
        return prompt
    if _EXPLICIT.search(prompt):
        prompt = "".join(text for chunk in parse(prompt) for text, _ in (*chunk, (" ", 1.0)))
    return re.sub(r"\s{2,}", " ", _BREAK.sub(" ", prompt)).strip()


def _parts(text: str) -> tuple[Part, ...]:
    found: list[list[str | float]] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for sign in _SIGN.findall(text):
        if sign in opened:
            opened[sign].append(len(found))
        elif sign.startswith(":") and sign.endswith(")") and opened["("]:
            _multiply(found, opened["("].pop(), float(sign[1:-1]))
        elif sign == ")" and opened["("]:
            _multiply(found, opened["("].pop(), STEP)
        elif sign == "]" and opened["["]:
            _multiply(found, opened["["].pop(), 1 / STEP)
        else:
            found.append([sign[1:] if len(sign) == 2 and sign[0] == "\\" else sign, 1.0])
    # Those that are never closed hold to the end.
    for start in opened["("]:
        _multiply(found, start, STEP)
    for start in opened["["]:
        _multiply(found, start, 1 / STEP)
    return _merged(found)


def _multiply(found: list[list[str | float]], start: int, by: float) -> None:
    for part in found[start:]:
        part[1] = max(-MAX_WEIGHT, min(MAX_WEIGHT, float(part[1]) * by))


def _merged(found: Sequence[Sequence[str | float]]) -> tuple[Part, ...]:
    """Neighbours of one weight as one part."""
    merged: list[Part] = []
    for text, weight in found:
        if merged and merged[-1][1] == weight:
            merged[-1] = (f"{merged[-1][0]}{text}", float(weight))
        else:
            merged.append((str(text), float(weight)))
    return tuple(merged) or (("", 1.0),)
