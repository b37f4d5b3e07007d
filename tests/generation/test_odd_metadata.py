"""Rarer shapes of metadata: nodes of custom packs, and tools that few people use."""

import gzip
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation.metadata import read_parameters
from tests.generation.test_metadata import png
from tests.generation.test_metadata_of_others import A1111, GRAPH, SAMPLER, exifed, found, node, told

PLAIN = ("a tower", "blurry", "dream.safetensors", 42, 25, 6.5)
ENCODER = node("CLIPTextEncode", text=["20", 0])
LEFT = {"21": node("CR Prompt Text", prompt="a tower"), "22": node("CR Prompt Text", prompt="by night")}
DETAILER = {"seed": 99, "steps": 20, "cfg": 8, "denoise": 0.5, "model": ["4", 0], "positive": ["7", 0],
            "negative": ["6", 0], "image": ["61", 0]}  # fmt: skip
GRAPHS: dict[str, tuple[dict[str, Any], str]] = {
    "reroutes": ({"3": {"positive": ["20", 0]}, "20": node("Reroute", x=["21", 0]),
                  "21": node("Reroute", x=["6", 0])}, "a tower"),
    "a language model's text": ({"6": ENCODER, "20": node("ShowText|pysssss", text=["21", 0], text_0="a boat"),
                                 "21": node("OllamaGenerate", prompt="describe it")}, "a boat"),
    "a switch": ({"6": ENCODER, "20": node("CR Text Input Switch", Input=2, text1=["21", 0], text2=["22", 0]),
                  **LEFT}, "by night"),
    "concatenated": ({"6": ENCODER, "20": node("Text Concatenate", delimiter=", ", text_a=["21", 0], text_b=["22", 0]),
                      **LEFT}, "a tower, by night"),
    "joined strings": ({"6": ENCODER, "20": node("JoinStringMulti", string_1="a", string_2="b", delimiter=", ")},
                       "a, b"),
    "conditionings": ({"3": {"positive": ["20", 0]}, "21": node("CLIPTextEncode", text="night"),
                       "20": node("ConditioningConcat", conditioning_to=["6", 0], conditioning_from=["21", 0])},
                      "a tower night"),
    "the same twice": ({"3": {"positive": ["20", 0]},
                        "20": node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["6", 0])},
                       "a tower"),
    "a styler": ({"6": ENCODER, "7": node("CLIPTextEncode", text=["20", 1]),
                  "20": node("SDXLPromptStyler", text_positive="a tower", text_negative="blurry", style="base")},
                 "a tower"),
    "wildcards": ({"6": ENCODER, "20": node("ImpactWildcardProcessor", wildcard_text="a {x|y}", populated_text="a y")},
                  "a y"),
    "a detailer before it": ({"1": node("FaceDetailer", **DETAILER), "61": node("VAEDecode", samples=["3", 0]),
                              "s": node("SaveImage", images=["1", 0])}, "a tower"),
    "enlarged in tiles": ({"1": node("UltimateSDUpscale", **DETAILER), "61": node("VAEDecode", samples=["3", 0]),
                           "s": node("SaveImage", images=["1", 0])}, "a tower"),
    "set and get": ({"3": {"positive": ["20", 0]}, "20": node("GetNode", x=["21", 0]),
                     "21": node("SetNode", CONDITIONING=["6", 0])}, "a tower"),
    "text by its filled wildcards": ({"6": ENCODER, "20": node("easy wildcards", text="a {x|y}", populated_text="a y")},
                                     "a y"),
    "a switch of two": ({"6": ENCODER, "20": node("ComfySwitchNode", switch=False, on_true=["21", 0],
                                                  on_false=["22", 0]), **LEFT}, "by night"),
    "a switch of many": ({"6": ENCODER, "20": node("ImpactSwitch", select=["30", 0], input1=["21", 0],
                                                   input2=["22", 0]), "30": node("PrimitiveInt", value=2), **LEFT},
                         "by night"),
    "a delimiter by its name": ({"6": ENCODER, "20": node("Text Concatenate (JPS)", delimiter="space", text1="a",
                                                          text2="tower")}, "a tower"),
    "two encoders' prompts": ({"6": node("SDXL Power Prompt - Positive (rgthree)", prompt_g="a tower", prompt_l="")},
                              "a tower"),
    "a context": ({"20": node("Context (rgthree)", seed=["30", 0], steps=25, model=["4", 0], positive=["6", 0]),
                   "30": node("Seed (rgthree)", seed=42),
                   "3": {"seed": ["20", 8], "steps": ["20", 9], "model": ["20", 1], "positive": ["20", 4]}}, "a tower"),
    "a slider": ({"3": {"steps": ["20", 0]}, "20": node("mxSlider", Xi=25, Xf=25.0, isfloatX=0)}, "a tower"),
    "a subgraph": ({"3": {"positive": ["12:6", 0]}, "12:6": node("CLIPTextEncode", text="a tower")}, "a tower"),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_comfyui_s_custom_nodes_are_read_through(name: str) -> None:
    """Whatever lies between, the first sampler's prompt and facts are told."""
    changed, prompt = GRAPHS[name]
    nodes: dict[str, Any] = {key: value for key, value in changed.items() if key != "3"}
    graph = {**nodes, **{key: value for key, value in GRAPH.items() if key not in nodes}}
    graph["3"] = node("KSampler", **{**SAMPLER, **changed.get("3", {})})
    assert told(found(graph)) == (prompt, *PLAIN[1:])


OTHER_SAMPLERS: dict[str, dict[str, Any]] = {
    "Efficient's XL": {"1": node("Eff. Loader SDXL", base_ckpt_name="dream.safetensors", positive="a tower",
                                 negative="blurry"),
                       "3": node("KSampler SDXL (Eff.)", noise_seed=42, steps=25, cfg=6.5, sdxl_tuple=["1", 0])},
    "x-labs'": {**GRAPH, "3": node("XlabsSampler", noise_seed=42, steps=25, true_gs=6.5, denoise_strength=1.0,
                                   model=["4", 0], conditioning=["6", 0], neg_conditioning=["7", 0])},
    "essentials'": {**GRAPH, "3": node("FluxSamplerParams+", seed="42", steps="25", guidance="6.5", model=["4", 0],
                                       conditioning=["6", 0], negative="blurry")},
    "easy's, with its settings before it": {
        "1": node("easy fullLoader", ckpt_name="dream.safetensors", positive="a tower", negative="blurry"),
        "2": node("easy preSampling", steps=25, cfg=6.5, seed=42, pipe=["1", 0]),
        "3": node("easy kSampler", pipe=["2", 0])},
    "nunchaku's loader": {**GRAPH, "4": node("NunchakuFluxDiTLoader", model_path="dream.safetensors"),
                          "3": node("KSampler", **SAMPLER)},
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_SAMPLERS)
def test_other_packs_samplers_are_read(name: str) -> None:
    """Whatever they call what a sampler needs, and whether it comes through one link or several."""
    assert told(found(OTHER_SAMPLERS[name])) == PLAIN


FACTS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model: dream"
MORE = {
    "hires": 'Denoising strength: 0.4, Hires upscale: 2, Hires steps: 10, Lora hashes: "paper: 12, Seed: 9"',
    "regional": 'RP Active: True, RP Ratios: "1,1", RP Base Ratios: 0.2, Version: f2',
    "controlnet": 'ControlNet 0: "Module: canny, Model: control [d14c], Weight: 1, Steps: 3", Version: 1',
    "adetailer": 'ADetailer model: face.pt, ADetailer prompt: "eyes, Seed: 9, Model: y"',
    "template": 'Template: "x {a|b}\nSteps: 3, CFG scale: 1", Negative Template: fog',
}


@pytest.mark.parametrize("name", MORE)
def test_what_extensions_write_does_not_mislead(name: str) -> None:
    """Their own seeds, models and steps stand in quotes, and are not taken for the picture's."""
    read = read_parameters(png(parameters=f"a castle\nNegative prompt: fog\n{FACTS}, {MORE[name]}"))
    assert read
    assert told(read) == ("a castle", "fog", "dream", 5, 20, 7.0)


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        ("a castle with\nSteps: 5 of stone\nNegative prompt: fog\n" + FACTS, "a castle with\nSteps: 5 of stone", "fog"),
        ("a castle\nby the sea\n" + FACTS, "a castle\nby the sea", ""),
        ("Negative prompt: fog\n" + FACTS, "", "fog"),
        ("a castle\r\nNegative prompt: fog,\r\nrain\r\n" + FACTS, "a castle", "fog,\r\nrain"),
        ("a castle, Negative prompt: fog, " + FACTS, "a castle", "fog"),
        ("a castle Negative prompt: fog " + FACTS, "a castle", "fog"),
        ("a castle\n-fog\n" + FACTS.replace("CFG scale", "Guidance Scale"), "a castle", "fog"),
        ("a castle\nNegative prompt: fog\nSize: 512x512, " + FACTS, "a castle", "fog"),
        ("a castle\nnegative prompt: fog\n" + FACTS.replace("Steps", "steps"), "a castle", "fog"),
        ("\ufeffa castle\nNegative prompt: fog\n" + FACTS, "a castle", "fog"),
    ],
    ids=[
        "steps in the prompt",
        "lines",
        "no prompt",
        "carriage returns",
        "commas",
        "spaces",
        "draw things",
        "steps later",
        "small letters",
        "byte order mark",
    ],
)
def test_automatic1111_s_lines_are_told_apart(text: str, prompt: str, negative: str) -> None:
    """The facts are the line with steps and a comma; how the lines end does not matter."""
    read = read_parameters(png(parameters=text))
    assert read
    assert told(read) == (prompt, negative, "dream", 5, 20, 7.0)


def xmp(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'<x><exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">{escaped}</rdf:li></rdf:Alt></exif:UserComment>'


DRAWN = json.dumps({"c": "a castle & <sea>", "uc": "fog", "model": "flux.ckpt", "scale": 4.5, "seed": 7, "steps": 20})
EASY = {"prompt": "a castle", "negative_prompt": "fog", "seed": "7", "num_inference_steps": "25",
        "guidance_scale": "7.5", "use_stable_diffusion_model": "dream"}  # fmt: skip
NOVEL = {"Software": "NovelAI", "Source": "NAI", "Comment": json.dumps({"prompt": "a castle", "uc": "fog", "seed": 7})}
GENERATED = {"prompt": "a castle", "negativePrompt": "fog", "steps": 30, "cfgScale": 5, "seed": 7}
COMFY = {**GRAPH, "3": node("KSampler", **SAMPLER)}


def in_exif(value: Any, form: str = "JPEG") -> bytes:
    return exifed(b"UNICODE\0" + json.dumps(value).encode("utf-16-be"), form)


def webp(**fields: str) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = fields["make"], fields["model"]
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "WEBP", exif=exif)
    return file.getvalue()


TOOLS: dict[str, tuple[bytes, dict[str, object]]] = {
    "draw things": (png(**{"XML:com.adobe.xmp": xmp(DRAWN)}), {"tool": "Draw Things", "prompt": "a castle & <sea>"}),
    "draw things in exif": (exifed(b"ASCII\0\0\0" + DRAWN.encode()), {"negative_prompt": "fog", "guidance_scale": 4.5}),
    "easy diffusion": (png(**EASY), {"tool": "Easy Diffusion", "prompt": "a castle", "seed": 7, "model": "dream"}),
    "easy diffusion in exif": (in_exif(EASY), {"tool": "Easy Diffusion", "num_inference_steps": 25}),
    "novelai's webp": (in_exif(NOVEL, "WEBP"), {"tool": "NovelAI", "prompt": "a castle", "model": "NAI", "seed": 7}),
    "civitai's generator": (in_exif({**COMFY, "extraMetadata": json.dumps(GENERATED)}),
                            {"tool": "Civitai", "prompt": "a castle", "negative_prompt": "fog", "guidance_scale": 5.0}),
    "comfyui in exif": (in_exif({"prompt": COMFY, "workflow": {}}), {"tool": "ComfyUI", "prompt": "a tower"}),
    "comfyui's newer webp": (webp(make="Workflow:{}", model="Prompt:" + json.dumps(COMFY)), {"prompt": "a tower"}),
    "invokeai's flux": (png(invokeai_metadata=json.dumps(
        {"positive_prompt": "a castle", "negative_prompt": None, "guidance": 3.5, "cfg_scale": 1, "seed": 7,
         "model": {"key": "1", "name": "FLUX Dev"}})), {"guidance_scale": 3.5, "model": "FLUX Dev"}),
    "ruinedfooocus": (png(parameters=json.dumps(
        {"Prompt": "a castle", "Negative": "fog", "steps": 30, "cfg": 4, "seed": 7, "base_model_name": "jug"})),
        {"tool": "Fooocus", "prompt": "a castle", "negative_prompt": "fog", "model": "jug", "guidance_scale": 4.0}),
    "tensor.art": (png(generation_data=json.dumps(
        {"prompt": "a castle", "negativePrompt": "fog", "seed": "7", "steps": 30, "cfgScale": 5,
         "baseModel": {"label": "SDXL", "modelFileName": "dream"}}) + "\0"),
        {"tool": "Tensor.Art", "prompt": "a castle", "negative_prompt": "fog", "model": "dream", "seed": 7}),
    "midjourney": (png(Description="a castle --v 6.1 --ar 16:9 --no fog, rain --seed 7 Job ID: 1f-2", Author="x"),
                   {"tool": "Midjourney", "prompt": "a castle", "negative_prompt": "fog, rain", "seed": 7}),
    "seed as a decimal": (png(parameters="a castle\nSteps: 20, CFG scale: 7, Seed: 5.0"), {"seed": 5}),
    "an umlaut": (png(parameters=A1111.replace("castle", "Schloß")), {"prompt": "a Schloß"}),
}  # fmt: skip


def hidden(text: str, mark: bytes, described: str = "") -> bytes:
    """A picture with a text in the lowest bits of its alpha channel, column by column, and a description in EXIF."""
    data = gzip.compress(text.encode()) if mark.endswith(b"comp") else text.encode()
    bits = np.unpackbits(np.frombuffer(mark + (8 * len(data)).to_bytes(4, "big") + data, np.uint8))
    alpha = np.full(64 * 96, 255, np.uint8)
    alpha[: len(bits)] -= 1 - bits
    picture = Image.new("RGB", (96, 64), 120)
    picture.putalpha(Image.fromarray(np.ascontiguousarray(alpha.reshape(96, 64).T)))
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = described
    picture.save(file, "PNG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("mark", [b"stealth_pnginfo", b"stealth_pngcomp"])
def test_a_text_in_the_alpha_channel_is_read(mark: bytes) -> None:
    """As extensions of Automatic1111 keep it, and NovelAI; a cut or unpacked one is none."""
    read = read_parameters(hidden(A1111, mark))
    assert read
    assert (read.prompt, read.seed) == ("a castle", 5)
    read = read_parameters(hidden(json.dumps(NOVEL), mark))
    assert read
    assert (read.tool, read.prompt, read.model) == ("NovelAI", "a castle", "NAI")
    described = hidden(A1111, mark, described="a photograph")
    assert read_parameters(described) == read_parameters(hidden(A1111, mark))
    assert read_parameters(hidden("x", b"stealth_nothing")) is None
    assert read_parameters(hidden("", b"stealth_pnginfo")) is None


def workflow(*, named: bool) -> dict[str, Any]:
    """A workflow of the editor; newer ones name a node's values."""
    sampler = [{"name": name, "link": link} for name, link in (("model", 1), ("positive", 2), ("negative", 3))]
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    fields = [{"name": name, "widget": {"name": name}, "link": None} for name in names if named]
    nodes = [
        {"id": 3, "type": "KSampler", "inputs": [*sampler, *fields],
         "widgets_values": [42, "randomize", 25, 6.5, "euler", "normal", 1]},
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["dream.safetensors"]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a tower"]},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": {"text": "blurry"}},
        {"id": 8, "type": "SomeFilter", "mode": 4, "inputs": [{"name": "conditioning", "link": 4}],
         "widgets_values": ["not this"]},
    ]  # fmt: skip
    links = [
        [1, 4, 0, 3, 0, "MODEL"],
        [2, 8, 0, 3, 1, "CONDITIONING"],
        [3, 7, 0, 3, 2, "CONDITIONING"],
        [4, 6, 0, 8, 0, ""],
    ]
    return {"nodes": nodes, "links": [*links, None, "x"], "version": 0.4}


@pytest.mark.parametrize("named", [True, False])
def test_a_workflow_without_its_graph_is_read(*, named: bool) -> None:
    """Some keep only what the editor shows: its values stand in order, and a bypassed node lets words through."""
    read = read_parameters(png(workflow=json.dumps(workflow(named=named))))
    assert read
    assert told(read) == PLAIN


@pytest.mark.parametrize(
    ("text", "negative"),
    [('"a castle" -s 20 -S 5 -W 512 -C 7.5 -A k_lms', ""), ("a castle [fog] -s20 -S5 -C7.5", "fog")],
)
def test_the_first_invokeai_s_command_line_is_read(text: str, negative: str) -> None:
    """The prompt in quotes or not, and options with a space or without."""
    read = read_parameters(png(Dream=text))
    assert read
    assert (read.prompt, read.negative_prompt, read.seed, read.guidance_scale) == ("a castle", negative, 5, 7.5)


def test_windows_field_for_comments_is_read() -> None:
    """Explorer and some tools keep text there, as UTF-16; another encoding's mark is no part of a prompt."""
    exif = Image.Exif()
    exif[0x9C9C] = A1111.encode("utf-16-le")
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", exif=exif)
    for data in (file.getvalue(), exifed(b"JIS\0\0\0\0\0" + A1111.encode())):
        read = read_parameters(data)
        assert read
        assert read.prompt == "a castle"


@pytest.mark.parametrize("name", TOOLS)
def test_tools_that_few_people_use_are_read(name: str) -> None:
    """Each field as it stands, whoever wrote it."""
    data, expected = TOOLS[name]
    read = read_parameters(data)
    assert read
    assert {key: getattr(read, key) for key in expected} == expected


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"prompt": 5}', '{"c": []}', '{"extraMetadata": "["}', "[" * 9999]
)
@pytest.mark.parametrize(
    "key", ["parameters", "prompt", "Comment", "invokeai_metadata", "sd-metadata", "workflow", "Dream"]
)
def test_texts_of_no_sense_break_nothing(key: str, text: str) -> None:
    """Strangers' texts of any type give nothing, or fields that are empty."""
    read = read_parameters(png(**{key: text}))
    assert read is None or read.seed is None
