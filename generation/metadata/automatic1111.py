"""The text that Automatic1111 began to write, and that many tools write too."""

import json
import re
from collections.abc import Mapping

from .parameters import Parameters, a_count, a_number, a_seed

MAX_FACTS = 20_000  # characters of facts that are looked at
_FACT = re.compile(r'\s*([\w ./()-]+):\s*("(?:\\.|[^"\\])*"|[^,\n]*)(?:[,\n]|$)')
#: the steps come first, but for some tools
_FIRST = r"(?:(?:Size|Seed|Sampler|Scheduler?(?: type)?|CFG scale|Clip skip|Model(?: hash)?|VAE|Version): [^,\n]*, *)*"
_LAST_LINE = re.compile(rf"^(?P<facts>{_FIRST})Steps: \d+\s*(?:,|$)", re.MULTILINE | re.IGNORECASE)
_INLINE = re.compile(r"[.,\s]\s*(?=Steps: \d+\s*,)")  # some write all on one line
_NEGATIVE = re.compile("Negative prompt:", re.IGNORECASE)
_RESOURCES = "Civitai resources:"


def read_automatic1111(text: str, _: Mapping[str, str]) -> Parameters | None:
    """The prompt's lines, "Negative prompt: …", and a line of facts that begins with the steps."""
    text = text.lstrip("\ufeff")
    last = _LAST_LINE.search(text)
    inline = None if last else next(reversed([*_INLINE.finditer(text)]), None)
    match = last or inline
    if match is None:
        return None
    words, told = text[: match.start()].strip(), text[match.end() if inline else match.start() :][:MAX_FACTS]
    facts = {name.strip().lower(): value.strip() for name, value in reversed(_FACT.findall(told))}
    prompt, *rest = _NEGATIVE.split(words, maxsplit=1)
    negative = rest[0] if rest else ""
    ends = "., \n" if inline else None  # a full stop or a comma stands for the end of a line there
    guidance = a_number(facts.get("cfg scale", facts.get("guidance scale")))
    if not rest and "guidance scale" in facts and "\n-" in words:  # as Draw Things has it
        prompt, _mark, negative = words.rpartition("\n-")
    # Forge's FLUX.1 has 1 there and what is meant beside it.
    distilled = a_number(facts.get("distilled cfg scale"))
    return Parameters(
        tool="Automatic1111",
        prompt=prompt.rstrip(ends).strip(),
        negative_prompt=negative.rstrip(ends).strip(),
        model=facts.get("model", "").strip('"') or _from_resources(told),
        seed=a_seed(facts.get("seed")),
        num_inference_steps=a_count(facts.get("steps")),
        guidance_scale=distilled if distilled is not None and guidance in (None, 1.0) else guidance,
        strength=a_number(facts.get("denoising strength")),
    )


def _from_resources(told: str) -> str:
    """The checkpoint's name in the list that Civitai's generator writes."""
    _, found, rest = told.partition(_RESOURCES)
    if not found:
        return ""
    try:
        resources, _ = json.JSONDecoder().raw_decode(rest.strip())
        models = [each for each in resources if each.get("type") == "checkpoint"]
        return str(models[0].get("modelName") or "")
    except (ValueError, AttributeError, IndexError, TypeError):
        return ""
