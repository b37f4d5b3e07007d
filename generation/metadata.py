"""How a picture was made, as it says itself: ours, Automatic1111's, ComfyUI's and InvokeAI's metadata. Blocks."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from .images import BROKEN, EXIF_IFD, FORMATS, USER_COMMENT
from .types import MAX_SEED

MAX_TEXT = 100_000  # characters of metadata that are looked at
MAX_DEPTH = 12  # nodes between ComfyUI's sampler and its text
_FACT = re.compile(r'\s*([\w ./()-]+):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_LAST_LINE = re.compile(r"^Steps: \d+", re.MULTILINE)
_NEGATIVE = "Negative prompt:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What was found; None or empty if the picture does not say."""

    #: who wrote it
    tool: str
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    seed: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    strength: float | None = None


def read_parameters(data: bytes) -> Parameters | None:
    """Return the parameters in a picture's metadata; None if there are none that can be read."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            texts = {key: value for key, value in image.info.items() if isinstance(value, str)}
            if "parameters" not in texts and (comment := _comment(image)):
                texts["parameters"] = comment
    except (Image.DecompressionBombError, *BROKEN):
        return None
    for key, read in (("parameters", _automatic1111), ("invokeai_metadata", _invokeai), ("prompt", _comfyui)):
        text = texts.get(key, "")
        if text and len(text) <= MAX_TEXT:
            try:
                if found := read(text):
                    return found
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue
    return None


def _comment(image: Image.Image) -> str:
    raw = image.getexif().get_ifd(EXIF_IFD).get(USER_COMMENT)
    if not isinstance(raw, bytes) or not raw.startswith(b"UNICODE\0"):
        return ""
    return raw[8:].decode("utf-16-be", errors="replace")


def _automatic1111(text: str) -> Parameters | None:
    """Read the prompt's lines, "Negative prompt: …", and a line of facts that begins with the steps."""
    match = _LAST_LINE.search(text)
    if match is None:
        return None
    words, facts = text[: match.start()].strip(), dict(_FACT.findall(text[match.start() :]))
    prompt, _, negative = words.partition(_NEGATIVE)
    return Parameters(
        tool="Automatic1111",
        prompt=prompt.strip(),
        negative_prompt=negative.strip(),
        model=facts.get("Model", "").strip(),
        seed=_seed(facts.get("Seed")),
        num_inference_steps=_int(facts.get("Steps")),
        guidance_scale=_float(facts.get("CFG scale")),
        strength=_float(facts.get("Denoising strength")),
    )


def _invokeai(text: str) -> Parameters | None:
    values = json.loads(text)
    model = values.get("model") or {}
    return Parameters(
        tool="InvokeAI",
        prompt=str(values["positive_prompt"]),
        negative_prompt=str(values.get("negative_prompt") or ""),
        model=str(model.get("name") or model.get("model_name") or ""),
        seed=_seed(values.get("seed")),
        num_inference_steps=_int(values.get("steps")),
        guidance_scale=_float(values.get("cfg_scale")),
        strength=_float(values.get("strength")),
    )


def _comfyui(text: str) -> Parameters | None:
    """Read the graph's first sampler, and what its inputs lead to."""
    nodes: Mapping[str, Any] = json.loads(text)
    for node in nodes.values():
        inputs = node["inputs"]
        if "positive" in inputs and ("seed" in inputs or "noise_seed" in inputs):
            return Parameters(
                tool="ComfyUI",
                prompt=_follow(nodes, inputs["positive"], "text"),
                negative_prompt=_follow(nodes, inputs.get("negative"), "text"),
                model=_follow(nodes, inputs.get("model"), "ckpt_name") or _follow(nodes, inputs["model"], "unet_name"),
                seed=_seed(inputs.get("seed", inputs.get("noise_seed"))),
                num_inference_steps=_int(inputs.get("steps")),
                guidance_scale=_float(inputs.get("cfg")),
                strength=_float(inputs.get("denoise")),
            )
    return None


def _follow(nodes: Mapping[str, Any], link: Any, name: str, depth: int = 0) -> str:
    """Return the text of the nearest node behind a link that has an input of this name."""
    if not isinstance(link, list) or not link or depth > MAX_DEPTH:
        return ""
    inputs = nodes.get(str(link[0]), {}).get("inputs", {})
    found = inputs.get(name)
    if isinstance(found, str):
        return found
    for value in [found, *inputs.values()]:
        if text := _follow(nodes, value, name, depth + 1):
            return text
    return ""


def _int(value: Any) -> int | None:
    number = _float(value)
    return None if number is None else int(number)


def _seed(value: Any) -> int | None:
    # Others' seeds have up to 64 bits; ours 32.
    number = None if value is None else int(str(value).strip())
    return number if number is not None and 0 <= number <= MAX_SEED else None


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None
