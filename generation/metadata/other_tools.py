"""InvokeAI, SwarmUI, NovelAI, Fooocus, Draw Things, Easy Diffusion, Civitai, Tensor.Art and Midjourney."""

import json
import re
from collections.abc import Mapping
from typing import Any

from .parameters import Parameters, a_count, a_number, a_seed, a_text

_OPTION = re.compile(r"\s-([sSCf])\s*([\d.]+)")  # of InvokeAI 1: steps, seed, guidance and strength
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
        guidance_scale=_guidance(values.get("cfg_scale"), values.get("guidance")),
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


def read_dream(text: str, _: Mapping[str, str]) -> Parameters | None:
    """Version 1 of InvokeAI: the command line, the prompt in quotes or not, then options of one letter."""
    words, _mark, told = text.strip().partition(" -")
    facts: dict[str, str] = dict(_OPTION.findall(f" -{told}"))
    if "s" not in facts:
        return None
    said = words.strip().strip('"')
    return Parameters(
        tool="InvokeAI",
        prompt=_WEIGHTED.sub("", said).strip(),
        negative_prompt=", ".join(found.strip(" []") for found in _WEIGHTED.findall(said)),
        seed=a_seed(facts.get("S")),
        num_inference_steps=a_count(facts.get("s")),
        guidance_scale=a_number(facts.get("C")),
        strength=a_number(facts.get("f")),
    )


def read_swarmui(text: str, _: Mapping[str, str]) -> Parameters | None:
    """``sui_image_params``, in a PNG's parameters or in EXIF."""
    values = _object(text).get("sui_image_params")
    if not isinstance(values, dict):
        return None
    return Parameters(
        tool="SwarmUI",
        prompt=a_text(values.get("prompt")),
        negative_prompt=a_text(values.get("negativeprompt")),
        model=a_text(values.get("model")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=_guidance(values.get("cfgscale"), values.get("fluxguidancescale")),
        strength=a_number(values.get("initimagecreativity")),
    )


def read_novelai(text: str, texts: Mapping[str, str]) -> Parameters | None:
    """The Comment's JSON; since version 4 the prompts stand in captions of their own."""
    values = _object(text)
    if isinstance(values.get("Comment"), str):  # in EXIF, with all of PNG's texts in one
        texts, values = values, _object(values["Comment"])
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
    """Its own scheme, and that of RuinedFooocus; it can write Automatic1111's too."""
    values = _object(text)
    if "base_model" not in values and "base_model_name" not in values and texts.get("fooocus_scheme") != "fooocus":
        return None
    return Parameters(
        tool="Fooocus",
        prompt=_named(values, "prompt", "Prompt"),
        negative_prompt=_named(values, "negative_prompt", "Negative"),
        model=_named(values, "base_model", "base_model_name"),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(values.get("guidance_scale", values.get("cfg"))),
    )


def read_drawthings(text: str, _: Mapping[str, str]) -> Parameters | None:
    """One letter for the prompt, two for the negative one."""
    values = _object(text)
    if "c" not in values:
        return None
    return Parameters(
        tool="Draw Things",
        prompt=a_text(values["c"]),
        negative_prompt=a_text(values.get("uc")),
        model=a_text(values.get("model")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(values.get("scale")),
        strength=a_number(values.get("strength")),
    )


def read_easydiffusion(text: str, texts: Mapping[str, str]) -> Parameters | None:
    """Diffusers' names, each a text of a PNG, or as JSON in EXIF."""
    values = texts if "num_inference_steps" in texts else _object(text)
    if "num_inference_steps" not in values:
        return None
    return Parameters(
        tool="Easy Diffusion",
        prompt=a_text(values.get("prompt")),
        negative_prompt=a_text(values.get("negative_prompt")),
        model=a_text(values.get("use_stable_diffusion_model")),
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("num_inference_steps")),
        guidance_scale=a_number(values.get("guidance_scale")),
        strength=a_number(values.get("prompt_strength")),
    )


def read_civitai(text: str, _: Mapping[str, str]) -> Parameters | None:
    """What its generator's graphs were asked for, as JSON within the JSON."""
    said = _object(text).get("extraMetadata")
    values = _object(said) if isinstance(said, str) else {}
    return _in_camel_case("Civitai", values, "") if values else None


def read_tensorart(text: str, _: Mapping[str, str]) -> Parameters | None:
    """What its generator was asked for."""
    values = _object(text.rstrip("\0"))
    base = values.get("baseModel")
    return _in_camel_case(
        "Tensor.Art", values, _named(base, "modelFileName", "label") if isinstance(base, dict) else ""
    )


def _in_camel_case(tool: str, values: Mapping[str, Any], model: str) -> Parameters:
    return Parameters(
        tool=tool,
        prompt=a_text(values.get("prompt")),
        negative_prompt=a_text(values.get("negativePrompt")),
        model=model,
        seed=a_seed(values.get("seed")),
        num_inference_steps=a_count(values.get("steps")),
        guidance_scale=a_number(values.get("cfgScale")),
        strength=a_number(values.get("denoise")),
    )


def read_midjourney(text: str, _: Mapping[str, str]) -> Parameters | None:
    """The command as it was typed, and the job's number after it."""
    said, found, _rest = text.partition(" Job ID: ")
    if not found:
        return None
    words, *options = said.split(" --")
    facts = dict(option.partition(" ")[::2] for option in options)
    return Parameters(
        tool="Midjourney",
        prompt=words.strip(),
        negative_prompt=facts.get("no", "").strip(),
        seed=a_seed(facts.get("seed")),
    )


def _object(text: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError if the text is none."""
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("no object")
    return values


def _guidance(classic: Any, distilled: Any) -> float | None:
    """The distilled guidance of FLUX.1 and its kin, which have 1 as the classifier-free one; else the latter."""
    own, usual = a_number(distilled), a_number(classic)
    return own if own is not None and usual in (None, 1.0) else usual


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
