"""Links out of docs/ are good in the repository; the site, which has only docs/, names the file instead."""

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace links to files beside docs/ by their words, with the file's path if the words are not it."""
    return OUTSIDE.sub(_named, markdown)


def _named(link: re.Match[str]) -> str:
    words, path = link[1], link[2]
    return words if path in words or "/" in words else f"{words} (`{path}`)"
