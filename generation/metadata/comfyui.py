"""ComfyUI's graphs: the sampler that begins the picture, and what its inputs lead to.

A graph is a mapping from a node's id to its class and inputs; an input is a value, or a link [id, output] to a node.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .parameters import Parameters, a_count, a_number, a_seed, a_text
from .workflow import graph_of

MAX_DEPTH = 40  # nodes between a sampler and what is looked for
MAX_VISITS = 5_000  # nodes looked at for one field: graphs may lead to the same node on many ways

#: inputs that hold a prompt, the one that says most first: what a text shown came to before its link, T5's before
#: CLIP's, and XL's larger CLIP before its smaller
TEXTS = ("text_0", "populated_text", "text", "t5xxl", "text_g", "prompt_g", "clip_l", "text_l", "prompt_l", "clip_g",
         "prompt", "string", "value", "wildcard_text", "Text", "STRING")  # fmt: skip
PAIRS = (("string_a", "string_b"), ("text_a", "text_b", "text_c", "text_d"), ("text1", "text2"),
         ("string1", "string2"), ("string_1", "string_2", "string_3", "string_4"),
         ("conditioning_to", "conditioning_from"), ("conditioning_1", "conditioning_2"))  # fmt: skip
NUMBERS = ("value", "seed", "noise_seed", "int", "Number", "number", "steps", "cfg", "float", "a")
MODELS = ("ckpt_name", "unet_name", "base_ckpt_name", "model_name", "gguf_name", "model_path")
POSITIVES, NEGATIVES = ("positive", "conditioning", "text_embeds"), ("negative", "neg_conditioning", "text_embeds")
#: links through which everything that a sampler needs comes at once
PIPES = ("pipe", "basic_pipe", "sdxl_tuple", "detailer_pipe", "base_ctx", "context")
#: what some nodes call what they put between two texts
DELIMITERS = {"space": " ", "comma": ", ", "newline": "\n", "none": ""}
#: what a sampler starts from; detailers and tiled upscalers start from a picture
LATENTS = ("latent_image", "latent", "samples", "optional_latent", "image", "upscaled_image")
SETTINGS = {"steps", "sigmas"}

Inputs = Mapping[str, Any]


def read_comfyui(text: str, _: Mapping[str, str]) -> Parameters | None:
    """The parameters of the sampler whose latents come from no other sampler."""
    nodes = json.loads(text)
    # In EXIF some write the graph with the workflow beside it.
    nodes = nodes.get("prompt", nodes)
    graph = _Graph(graph_of(nodes) if isinstance(nodes.get("nodes"), list) else nodes)
    sampler = graph.first_sampler()
    if sampler is None:
        return None
    inputs = graph.inputs(sampler)
    guider = graph.behind(inputs.get("guider")) or {}
    sigmas = graph.nearest(inputs.get("sigmas"), lambda found: "steps" in found) or {}
    positive = _given(inputs, *POSITIVES) or _given(guider, "positive", "conditioning", "cond1")
    negative = _given(inputs, *NEGATIVES) or _given(guider, "negative")
    pipe = _given(inputs, *PIPES)
    seed = _given(inputs, "seed", "noise_seed")
    if seed is None:
        seed = (graph.behind(inputs.get("noise")) or {}).get("noise_seed")
    denoise = _given(inputs, "denoise", "denoise_strength")
    return Parameters(
        tool="ComfyUI",
        prompt=graph.text(positive or pipe, "positive"),
        negative_prompt=graph.text(negative or pipe, "negative"),
        model=graph.model(inputs.get("model") or guider.get("model") or sigmas.get("model") or pipe),
        seed=a_seed(graph.number(seed, "seed", "noise_seed")),
        num_inference_steps=a_count(graph.number(_given(inputs, "steps"), "steps"))
        or a_count(graph.number(sigmas.get("steps"), "steps")),
        guidance_scale=_guidance(graph, inputs, guider, positive),
        strength=a_number(graph.number(sigmas.get("denoise") if denoise is None else denoise, "denoise")),
    )


def _guidance(graph: "_Graph", inputs: Inputs, guider: Inputs, positive: Any) -> float | None:
    """FLUX's own guidance, which stands with the prompt, before the classifier-free one, which is 1 there."""
    distilled = graph.nearest(positive, lambda found: "guidance" in found)
    classic = a_number(graph.number(_given(inputs, "cfg", "true_gs", "guidance"), "cfg")) or a_number(
        graph.number(_given(guider, "cfg", "cfg_conds"), "cfg")
    )
    if distilled and classic in (None, 1.0):
        return a_number(graph.number(distilled["guidance"], "guidance"))
    return classic


class _Graph:
    """A graph's nodes; whatever is no node is passed over."""

    def __init__(self, nodes: Any) -> None:
        self._nodes: dict[str, Inputs] = {}
        self._classes: dict[str, str] = {}
        for name, node in nodes.items() if isinstance(nodes, dict) else ():
            if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
                self._nodes[str(name)] = node["inputs"]
                self._classes[str(name)] = str(node.get("class_type"))

    def inputs(self, name: str) -> Inputs:
        return self._nodes[name]

    def behind(self, link: Any) -> Inputs | None:
        """The inputs of the node that a link leads to; None if it is no link."""
        name = _linked(link)
        return self._nodes.get(name) if name is not None else None

    def first_sampler(self) -> str | None:
        """The sampler that no other comes before; of several, one that a saved picture comes from."""
        samplers = [name for name in self._nodes if self._is_sampler(name)]
        # Some have their settings in a node before them.
        settled = [name for name in samplers if {*SETTINGS, "guider"} & self._nodes[name].keys()]
        samplers = settled or samplers
        firsts = [
            name for name in samplers
            if not set(samplers) & {found for key in LATENTS for found in self._before(self._nodes[name].get(key))}
        ]  # fmt: skip
        saved = {found for name in self._nodes if "Save" in self._classes[name] for found in self._all_before(name)}
        return next((name for name in firsts if name in saved), next(iter(firsts or samplers), None))

    def text(self, link: Any, role: str) -> str:
        """The prompt behind a link, ``role`` being "positive" or "negative"."""
        visits = iter(range(MAX_VISITS))
        return self._text(link, role, 0, visits)

    def _text(self, link: Any, role: str, depth: int, visits: Iterator[int]) -> str:
        if isinstance(link, str):
            return link.strip()
        name, inputs = _linked(link), self.behind(link)
        if name is None or inputs is None or depth > MAX_DEPTH or next(visits, None) is None:
            return ""
        if self._classes[name] == "ConditioningZeroOut":
            return ""
        if (chosen := self._let_through(name)) is not None:
            return self._text(inputs.get(chosen), role, depth + 1, visits)
        for pair in PAIRS:
            if pair[0] in inputs:
                between = inputs.get("delimiter")
                parts = [self._text(inputs.get(key), role, depth + 1, visits) for key in pair]
                between = DELIMITERS.get(between, between) if isinstance(between, str) else " "
                return between.join(dict.fromkeys(filter(None, parts)))
        # Nodes that carry both ways are left on the same one.
        for key in (role, f"{role}_prompt", f"text_{role}", *TEXTS):
            value = inputs.get(key)
            if found := self._text(value, role, depth + 1, visits):
                return found
        other = "negative" if role == "positive" else "positive"
        links = (value for key, value in inputs.items() if isinstance(value, list) and not key.startswith(other))
        return next((found for value in links if (found := self._text(value, role, depth + 1, visits))), "")

    def number(self, value: Any, *names: str) -> Any:
        """A number as it stands, or the one behind a link, of those there the one with one of the names."""
        for _ in range(MAX_DEPTH):
            inputs = self.behind(value)
            if inputs is None:
                return value
            value = next((inputs[key] for key in (*names, *NUMBERS) if inputs.get(key) is not None), None)
            if value is None:
                links = [each for each in inputs.values() if _linked(each) is not None]
                value = next(iter(links or [each for each in inputs.values() if isinstance(each, (int, float))]), None)
        return None

    def _let_through(self, name: str) -> str | None:
        """The input that a switch lets through; None for nodes that are none."""
        inputs = self._nodes[name]
        if {"on_true", "on_false"} <= inputs.keys():
            return "on_true" if self.number(_given(inputs, "switch", "boolean", "bool", "value")) else "on_false"
        chosen = self.number(_given(inputs, "select", "Input", "index")) if "witch" in self._classes[name] else None
        if not isinstance(chosen, int):
            return None
        return next((key for key in inputs if re.fullmatch(rf"\D+0*{chosen}", key)), None)

    def model(self, link: Any) -> str:
        """The name of the nearest file of a model behind a link."""
        inputs = self.nearest(link, lambda found: any(self._file(found.get(key)) for key in MODELS))
        return (
            next((self._file(inputs.get(key)) for key in MODELS if self._file(inputs.get(key))), "") if inputs else ""
        )

    def _file(self, value: Any) -> str:
        """A file's name, which some nodes keep beside its picture."""
        return a_text(value.get("content")) if isinstance(value, dict) else a_text(value)

    def nearest(self, link: Any, wanted: Callable[[Inputs], bool]) -> Inputs | None:
        """The inputs of the nearest node behind a link for which ``wanted`` holds."""
        return next((self._nodes[name] for name in self._before(link) if wanted(self._nodes[name])), None)

    def _before(self, link: Any) -> Iterator[str]:
        """The nodes that a link comes from, nearest first, each once."""
        first = _linked(link)
        waiting, seen = [first] if first in self._nodes else [], {first}
        while waiting:
            name = waiting.pop(0)
            if name is None:
                continue
            yield name
            chosen = self._let_through(name)
            for value in self._nodes[name].values() if chosen is None else [self._nodes[name].get(chosen)]:
                found = _linked(value)
                if found in self._nodes and found not in seen:
                    seen.add(found)
                    waiting.append(found)

    def _all_before(self, name: str) -> Iterator[str]:
        for value in self._nodes[name].values():
            yield from self._before(value)

    def _is_sampler(self, name: str) -> bool:
        inputs = self._nodes[name]
        links = {key for key, value in inputs.items() if _linked(value) is not None}
        if self._classes[name].startswith("Context"):  # it hands on what others have
            return False
        named = bool(SETTINGS & inputs.keys()) or "ampler" in self._classes[name]
        return "guider" in links or (named and bool(links & {*POSITIVES, *PIPES}))


def _linked(value: Any) -> str | None:
    """The id of the node that an input leads to."""
    return str(value[0]) if isinstance(value, list) and len(value) == 2 and isinstance(value[0], (str, int)) else None


def _given(inputs: Inputs, *keys: str) -> Any:
    return next((inputs[key] for key in keys if inputs.get(key) is not None), None)
