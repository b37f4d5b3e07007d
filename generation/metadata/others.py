"""InvokeAI, SwarmUI, NovelAI and Fooocus: each has JSON with its own names."""

import json
import re
from collections.abc import Mapping
from typing import Any

from .parameters import Parameters, a_count, a_number, a_seed, a_text

_WEIGHTED = re.compile(r"\s+\[[^\]]*\]|\[[^\]]*\]")  # what InvokeAI 2 calls the negative prompt


def read_invokeai(text: str, _: Mapping[str, str]) -> Parameters | None:
    """Version 3 and later."""
    values = _object(text)
    model = values.get("model")
    return Parameters(
        tool="InvokeAI",
        prompt=a_text(values.get("positive_prompt")),
        negative_prompt=a_text(values.get("negative_prompt")),
        model=_named(model, "name", "model_name") if isinstance(model, dict) else a_text(model),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(
            values.get("cfg_scale") if values.get("cfg_scale") is not None else values.get("guidance")
        ),
        strength=a_number(values.get("strength")),
    )


def read_invokeai_2(text: str, _: Mapping[str, str]) -> Parameters | None:
    """Version 2: the prompt is a text or a list of weighted ones, what to avoid in square brackets."""
    values = _object(text)
    image = values.get("image")
    image = image if isinstance(image, dict) else {}
    said = image.get("prompt")
    if isinstance(said, list):
        said = " ".join(a_text(part.get("prompt")) for part in said if isinstance(part, dict))
    words = a_text(said)
    negative = ", ".join(found.strip(" []") for found in _WEIGHTED.findall(words))
    return Parameters(
        tool="InvokeAI",
        prompt=_WEIGHTED.sub("", words).strip(),
        negative_prompt=negative,
        model=a_text(values.get("model_weights")),
        seed=a_seed(image.get("seed")),
        num_inference_steps=a_count(image.get("steps")),
        guidance_scale=a_number(image.get("cfg_scale")),
        strength=a_number(image.get("strength")),
    )


def read_swarmui(text: str, _: Mapping[str, str]) -> Parameters | None:
    """``sui_image_params``, in a PNG's parameters or in EXIF."""
    values = _object(text).get("sui_image_params")
    if not isinstance(values, dict):
        return None
    distilled, guidance = a_number(values.get("fluxguidancescale")), a_number(values.get("cfgscale"))
    return Parameters(
        tool="SwarmUI",
        prompt=a_text(values.get("prompt")),
        negative_prompt=a_text(values.get("negativeprompt")),
        model=a_text(values.get("model")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=distilled if distilled is not None and guidance in (None, 1.0) else guidance,
        strength=a_number(values.get("initimagecreativity")),
    )


def read_novelai(text: str, texts: Mapping[str, str]) -> Parameters | None:
    """The Comment's JSON; since version 4 the prompts stand in captions of their own."""
    values = _object(text)
    if "uc" not in values and "v4_prompt" not in values:
        return None
    prompt = _caption(values.get("v4_prompt")) or a_text(values.get("prompt")) or a_text(texts.get("Description"))
    return Parameters(
        tool="NovelAI",
        prompt=prompt,
        negative_prompt=_caption(values.get("v4_negative_prompt")) or a_text(values.get("uc")),
        model=a_text(texts.get("Source")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(values.get("scale")),
        strength=a_number(values.get("strength")),
    )


def read_fooocus(text: str, texts: Mapping[str, str]) -> Parameters | None:
    """The scheme of its own; it can write Automatic1111's too."""
    if not text.lstrip().startswith("{"):
        return None
    values = _object(text)
    if "base_model" not in values and texts.get("fooocus_scheme") != "fooocus":
        return None
    return Parameters(
        tool="Fooocus",
        prompt=a_text(values.get("prompt")),
        negative_prompt=a_text(values.get("negative_prompt")),
        model=a_text(values.get("base_model")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(values.get("guidance_scale")),
    )


def _object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError if the text is none."""
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("no object")
    return values


def _named(values: Mapping[str, Any], *keys: str) -> str:
    return next((found for key in keys if (found := a_text(values.get(key)))), "")


def _caption(value: Any) -> str:
    """The base caption, and those of the characters after it."""
    caption = value.get("caption") if isinstance(value, dict) else None
    if not isinstance(caption, dict):
        return ""
    people = caption.get("char_captions")
    more = (
        [a_text(each.get("char_caption")) for each in people if isinstance(each, dict)]
        if isinstance(people, list)
        else []
    )
    return " | ".join(found for found in (a_text(caption.get("base_caption")), *more) if found)
