"""The words of saved styles, added to prompts. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from bot.errors import Refusal
from bot.requests.builder import Options


def apply_style(options: Options, styles: Mapping[str, str], name: str | None = None, usual: str = "") -> Options:
    """The options with the words of the style ``name`` of these ``styles``, or else of the ``usual`` one.

    Raises Refusal if there is no style of that name, however it is written.
    """
    if name:
        found = next((words for each, words in styles.items() if each.casefold() == name.strip().casefold()), None)
        if found is None:
            raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=name)
    else:
        # The default style may be another server's, or deleted since.
        found = styles.get(usual)
    prompt = _styled(options.prompt, found) if found and options.prompt else options.prompt
    return replace(options, prompt=prompt, style=None)


def _styled(prompt: str, words: str) -> str:
    return words.replace("{prompt}", prompt) if "{prompt}" in words else f"{prompt}, {words}"
