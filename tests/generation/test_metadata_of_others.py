"""What people's pictures from other tools say of themselves: shapes seen in public reports, each with what is right."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from generation.metadata import Parameters, read_parameters
from tests.generation.test_metadata import png

A1111 = (
    "a castle\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model: dream"
)


def node(kind: str, **inputs: object) -> dict[str, object]:
    return {"class_type": kind, "inputs": inputs}


SAMPLER: dict[str, object] = {
    "seed": 42, "steps": 25, "cfg": 6.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
    "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
}  # fmt: skip
GRAPH: dict[str, object] = {
    "4": node("CheckpointLoaderSimple", ckpt_name="dream.safetensors"),
    "5": node("EmptyLatentImage", width=512, height=512, batch_size=1),
    "6": node("CLIPTextEncode", text="a tower", clip=["4", 1]),
    "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
}
FLUX: dict[str, object] = {
    "4": node("UNETLoader", unet_name="flux1-dev.safetensors"),
    "6": node("CLIPTextEncode", text="a fox", clip=["11", 0]),
    "25": node("RandomNoise", noise_seed=77),
    "17": node("BasicScheduler", steps=20, denoise=1, model=["4", 0]),
    "26": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
    "22": node("BasicGuider", model=["4", 0], conditioning=["26", 0]),
    "13": node("SamplerCustomAdvanced", noise=["25", 0], guider=["22", 0], sigmas=["17", 0]),
}


def found(graph: dict[str, Any]) -> Parameters:
    read = read_parameters(png(prompt=json.dumps(graph)))
    assert read
    return read


def told(read: Parameters) -> tuple[object, ...]:
    return read.prompt, read.negative_prompt, read.model, read.seed, read.num_inference_steps, read.guidance_scale


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (FLUX, ("a fox", "", "flux1-dev.safetensors", 77, 20, 3.5)),
        (
            {**GRAPH, "25": node("RandomNoise", noise_seed=77), "17": node("BasicScheduler", steps=20, model=["4", 0]),
             "22": node("CFGGuider", cfg=4.5, model=["4", 0], positive=["6", 0], negative=["7", 0]),
             "13": node("SamplerCustomAdvanced", noise=["25", 0], guider=["22", 0], sigmas=["17", 0])},
            ("a tower", "blurry", "dream.safetensors", 77, 20, 4.5),
        ),
        (
            {**GRAPH, "6": node("CLIPTextEncodeSDXL", text_g="a tower", text_l="stone", clip=["4", 1]),
             "3": node("KSampler", **SAMPLER)},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "6": node("CLIPTextEncodeFlux", clip_l="x", t5xxl="a tower", guidance=3.5, clip=["4", 1]),
             "3": node("KSampler", **{**SAMPLER, "cfg": 1.0})},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 3.5),
        ),
        (
            {**GRAPH, "6": node("CLIPTextEncode", text=["20", 0]), "20": node("PrimitiveString", value="a tower"),
             "3": node("KSampler", **{**SAMPLER, "seed": ["30", 0], "steps": ["31", 0]}),
             "30": node("Seed (rgthree)", seed=6687881544318117707), "31": node("PrimitiveInt", value=12)},
            ("a tower", "blurry", "dream.safetensors", 6687881544318117707, 12, 6.5),
        ),
        (
            {"1": node("Efficient Loader", ckpt_name="d", positive="a tower", negative="blurry"),
             "3": node("KSampler (Efficient)", seed=5, steps=20, cfg=7.0, denoise=1.0, model=["1", 0],
                       positive=["1", 1], negative=["1", 2])},
            ("a tower", "blurry", "d", 5, 20, 7.0),
        ),
        (
            {"2": node("KSampler", **{**SAMPLER, "seed": 9, "steps": 10, "denoise": 0.4, "latent_image": ["40", 0]}),
             "40": node("LatentUpscale", samples=["3", 0]), **GRAPH, "3": node("KSampler", **SAMPLER),
             "50": node("SaveImage", images=["51", 0]), "51": node("VAEDecode", samples=["2", 0])},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "3": node("KSampler", **{**SAMPLER, "positive": ["9", 0], "negative": ["9", 1]}),
             "9": node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], strength=0.5)},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "3": node("KSampler", **{**SAMPLER, "negative": ["9", 0]}),
             "9": node("ConditioningZeroOut", conditioning=["6", 0])},
            ("a tower", "", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "6": node("CLIPTextEncode", text=["20", 0]),
             "20": node("StringConcatenate", string_a="a", string_b=["21", 0], delimiter=" "),
             "21": node("Text", text="tower"), "3": node("KSampler", **SAMPLER)},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "3": node("KSampler", **SAMPLER), "99": node("Note", blob="x" * 1_200_000), "98": ["no node"]},
            ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5),
        ),
        (
            {**GRAPH, "3": node("KSampler", **{**SAMPLER, "seed": {"a": 1}, "steps": None})},
            ("a tower", "blurry", "dream.safetensors", None, None, 6.5),
        ),
    ],
    ids=["advanced", "guider", "xl encoder", "flux encoder", "linked", "efficient", "two samplers", "controlnet",
         "zeroed", "joined", "large", "unreadable"],
)  # fmt: skip
def test_comfyui_graphs_of_every_shape_are_read(graph: dict[str, Any], expected: tuple[object, ...]) -> None:
    """Through guiders, encoders, links and several samplers; what cannot be read costs that field and no other."""
    assert told(found(graph)) == expected


def test_the_first_pass_s_strength_is_told() -> None:
    """img2img's denoise is its strength."""
    assert found({**GRAPH, "3": node("KSampler", **{**SAMPLER, "denoise": 0.6})}).strength == 0.6


def exifed(raw: bytes, form: str = "JPEG", *, outer: bool = False) -> bytes:
    exif = Image.Exif()
    exif[0x0131] = "a tool"  # Pillow's AVIF takes fields of an inner table for none
    (exif if outer else exif.get_ifd(0x8769))[0x9286] = raw
    file = io.BytesIO()
    Image.new("RGB", (64, 64), 120).save(file, form, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16", "utf-8"])
def test_exif_is_read_in_either_byte_order(form: str, encoding: str) -> None:
    """The standard leaves the order open; a prompt in Chinese does not mislead."""
    for text in (A1111, A1111.replace("a castle", "一座城堡，在山上")):
        read = read_parameters(exifed(b"UNICODE\0" + text.encode(encoding), form))
        assert read
        assert (read.prompt, read.seed) == (text.split("\n")[0], 5)
    for raw in (b"ASCII\0\0\0" + A1111.encode(), A1111.encode()):
        read = read_parameters(exifed(raw, form))
        assert read is not None
        assert read.prompt == "a castle"
    read = read_parameters(exifed(b"UNICODE\0" + A1111.encode("utf-16-le"), form, outer=True))
    assert read is not None
    assert read.seed == 5


def test_comfyui_s_webp_is_read() -> None:
    """It keeps prompt and workflow in the fields for the camera's name."""
    exif = Image.Exif()
    exif[0x010F] = "workflow:{}"
    exif[0x0110] = "prompt:" + json.dumps({**GRAPH, "3": node("KSampler", **SAMPLER)})
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "WEBP", exif=exif)
    read = read_parameters(file.getvalue())
    assert read
    assert (read.tool, read.prompt, read.seed) == ("ComfyUI", "a tower", 42)


LINE = "a castle.Negative prompt: fog.Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512"
RESOURCES = '[{"type":"lora","modelName":"paper"},{"type":"checkpoint","modelName":"Dream, big"}]'
CASES: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "one line": ({"parameters": LINE}, {"prompt": "a castle", "negative_prompt": "fog", "seed": 5}),
    "template": (
        {"parameters": f'{A1111}\nTemplate: "a {{castle}}\nNegative prompt: x"'},
        {"prompt": "a castle", "negative_prompt": "fog", "model": "dream"},
    ),
    "forge": (
        {"parameters": "a cat\nSteps: 20, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 5"}, {"guidance_scale": 3.5},
    ),
    "civitai": (
        {"parameters": f"a cat\nSteps: 20, CFG scale: 7, Seed: 5, Civitai resources: {RESOURCES}"},
        {"model": "Dream, big", "seed": 5},
    ),
    "64 bits": ({"parameters": "a cat\nSteps: 20, Seed: 6687881544318117707"}, {"seed": 6687881544318117707}),
    "a bad seed": ({"parameters": "a cat\nSteps: 20, Seed: none"}, {"seed": None, "num_inference_steps": 20}),
    "invoke null": (
        {"invokeai_metadata": json.dumps({"positive_prompt": None, "model": "jugger", "steps": 30})},
        {"tool": "InvokeAI", "prompt": "", "model": "jugger", "num_inference_steps": 30},
    ),
    "invoke 2": (
        {"sd-metadata": json.dumps({"model_weights": "sd15", "image": {
            "prompt": [{"prompt": "a boat [fog]", "weight": 1.0}], "steps": 30, "cfg_scale": 7.5, "seed": 3}})},
        {"tool": "InvokeAI", "prompt": "a boat", "negative_prompt": "fog", "model": "sd15", "seed": 3},
    ),
    "swarm": (
        {"parameters": json.dumps({"sui_image_params": {"prompt": "a cat", "negativeprompt": "fog", "seed": 5,
                                                        "steps": 20, "cfgscale": 7.0, "model": "xl"}})},
        {"tool": "SwarmUI", "prompt": "a cat", "seed": 5, "guidance_scale": 7.0, "model": "xl"},
    ),
    "novelai": (
        {"Title": "x", "Description": "a cat", "Software": "NovelAI", "Source": "Stable Diffusion XL",
         "Comment": json.dumps({"prompt": "a cat", "uc": "fog", "steps": 28, "scale": 5, "seed": 9})},
        {"tool": "NovelAI", "prompt": "a cat", "negative_prompt": "fog", "seed": 9, "num_inference_steps": 28},
    ),
    "novelai 4": (
        {"Comment": json.dumps({
            "v4_prompt": {"caption": {"base_caption": "two cats", "char_captions": [{"char_caption": "black"}]}},
            "v4_negative_prompt": {"caption": {"base_caption": "fog"}}, "seed": 9})},
        {"tool": "NovelAI", "prompt": "two cats | black", "negative_prompt": "fog"},
    ),
    "fooocus": (
        {"fooocus_scheme": "fooocus", "parameters": json.dumps({
            "prompt": "a cat", "negative_prompt": "fog", "steps": 30, "guidance_scale": 4.0, "seed": "9",
            "base_model": "juggernautXL"})},
        {"tool": "Fooocus", "prompt": "a cat", "seed": 9, "model": "juggernautXL", "guidance_scale": 4.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_other_tools_forms_are_read(name: str) -> None:
    """Each field as it stands, whoever wrote it."""
    texts, expected = CASES[name]
    read = read_parameters(png(**texts))
    assert read
    assert {key: getattr(read, key) for key in expected} == expected
