"""Every sentence that a person may read, found in the source: what the catalogues must hold.

Sentences are the first argument of say(), locale_str(), the errors that carry one, and fail(); the keyword
``template``; the constants below, which are said later; and the catalogue's descriptions of models and LoRAs.

A new sentence is translated by adding its msgid and msgstr to both .po files, anywhere; tests/bot/test_locales.py names
those that are missing.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "generation")
SAYERS = {
    "say", "_say", "locale_str", "as_it_stands", "fail", "note",
    "Refusal", "NotEnough", "RateLimited", "Blocked",
    "GenerationError", "PictureError", "RequestError", "ModelError", "Sentence",
}  # fmt: skip
#: said elsewhere
CONSTANTS = {
    "STRENGTHS",
    "SHAPES",
    "DONE",
    "BANNED",
    "NOT_KEPT",
    "REASONS",
    "PINGS",
    "BLOCKINGS",
    "REPLY_CHOICES",
    "UNKNOWN_REASON",
    "GOES_ON",
    "TOO_LATE",
    "AUDIT_KINDS",
    "NOTHING_LEFT",
}


def messages() -> dict[str, str | None]:
    """The sentences, each with its plural where it has one."""
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= dict(_said(node))
    return found | dict.fromkeys(_descriptions())


def _descriptions() -> Iterator[str]:
    """What the catalogue says of models and LoRAs, which members read."""
    catalogue = tomllib.loads((ROOT / "generation" / "catalogue.toml").read_text(encoding="utf-8"))
    yield from (entry["description"] for entries in catalogue.values() for entry in entries if "description" in entry)


def _said(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    match node:
        case ast.Call(func=func, args=[first, second, *_]) if _name(func) == "plural":
            if (one := _text(first)) and (many := _text(second)):
                yield one, many
        case ast.Call(func=func, args=[first, *_]) if _name(func) in SAYERS or _is_speaker(func):
            yield from ((text, None) for text in _texts(first))
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ) if name in CONSTANTS:
            yield from ((text, None) for each in ast.walk(value) if (text := _text(each)))
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "template":
                yield from ((text, None) for text in _texts(keyword.value))


def _is_speaker(func: ast.expr) -> bool:
    """speaker_for(interaction)("…"): a speaker that is used at once."""
    return isinstance(func, ast.Call) and _name(func.func) in ("speaker", "speaker_for")


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    """The sentence, or both of ``"…" if … else "…"``."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif text := _text(node):
        yield text


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
