"""What pictures say of how they were made, as the common tools write it."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation import Request, Task, images
from generation.metadata import read_parameters

COMFY = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42, "steps": 25, "cfg": 6.5, "denoise": 0.6, "model": ["4", 0], "positive": ["6", 0],
            "negative": ["7", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["9", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "9": {"class_type": "Text", "inputs": {"text": "a tower by the sea"}},
}  # fmt: skip
INVOKE = {"positive_prompt": "a boat", "negative_prompt": "fog", "seed": 7, "steps": 30, "cfg_scale": 7.5,
          "model": {"name": "juggernaut"}, "strength": 0.4}  # fmt: skip
AUTOMATIC = (
    "a castle, masterpiece,\non a hill\nNegative prompt: fog, rain\n"
    'Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 5, Size: 512x512, Model: dream, Note: "a, b", '
    "Denoising strength: 0.45"
)


def png(**texts: str) -> bytes:
    info = PngInfo()
    for key, value in texts.items():
        info.add_itxt(key, value)
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            png(parameters=AUTOMATIC),
            ("Automatic1111", "a castle, masterpiece,\non a hill", "fog, rain", "dream", 5, 20, 7.0, 0.45),
        ),
        (
            png(prompt=json.dumps(COMFY)),
            ("ComfyUI", "a tower by the sea", "blurry", "dream.safetensors", 42, 25, 6.5, 0.6),
        ),
        (
            png(invokeai_metadata=json.dumps(INVOKE)),
            ("InvokeAI", "a boat", "fog", "juggernaut", 7, 30, 7.5, 0.4),
        ),
    ],
)  # fmt: skip
def test_the_common_tools_metadata_is_read(data: bytes, expected: tuple[Any, ...]) -> None:
    """Prompt, negative prompt, model, seed, steps, guidance and strength, from Automatic1111, ComfyUI and InvokeAI."""
    found = read_parameters(data)
    assert found
    read = (
        found.tool, found.prompt, found.negative_prompt, found.model, found.seed, found.num_inference_steps,
        found.guidance_scale, found.strength,
    )  # fmt: skip
    assert read == expected


def test_our_own_pictures_are_read_also_as_webp() -> None:
    """What encode_png and under_limit write comes back."""
    request = Request(
        task=Task.IMG2IMG, model="criar-embedded", prompt="a cat", negative_prompt="dogs", seed=5, width=64, height=64,
        num_inference_steps=20, guidance_scale=4.5, strength=0.3, scheduler="DDIM",
    )  # fmt: skip
    whole = images.encode_png(Image.effect_noise((512, 512), 90).convert("RGB"), request)
    small, extension = images.under_limit(whole, 60_000)
    assert extension == "webp"
    for data in (whole, small):
        found = read_parameters(data)
        assert found
        assert (found.prompt, found.negative_prompt, found.seed, found.strength) == ("a cat", "dogs", 5, 0.3)


def test_a_picture_without_parameters_has_none() -> None:
    """Neither a plain picture nor a file that is none raises."""
    assert read_parameters(png()) is None
    assert read_parameters(b"nothing") is None


@given(
    st.sampled_from(["parameters", "prompt", "invokeai_metadata"]),
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ).map(json.dumps),
)
@settings(max_examples=150)
def test_broken_metadata_never_raises(key: str, text: str) -> None:
    """Whatever stands there, it is read or left alone."""
    read_parameters(png(**{key: text.replace("\x00", "")}))


def test_a_graph_that_bites_its_tail_ends() -> None:
    """ComfyUI nodes that lead to each other in a circle give an empty prompt."""
    circle = {
        "1": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["2", 0], "model": ["2", 0]}},
        "2": {"class_type": "Reroute", "inputs": {"a": ["3", 0], "b": ["3", 0]}},
        "3": {"class_type": "Reroute", "inputs": {"a": ["2", 0], "b": ["2", 0]}},
    }
    found = read_parameters(png(prompt=json.dumps(circle)))
    assert found
    assert found.prompt == ""
