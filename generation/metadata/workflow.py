"""ComfyUI's workflows, as its editor saves them, as the graphs that it runs: nodes by id, with named inputs."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

CONTROLS = ("fixed", "randomize", "increment", "decrement")  # what the editor does with a seed, a value after it
BYPASSED = 4  # the mode of a node that lets what comes in go on
#: a node's values in their order, where the workflow itself does not name them
WIDGETS = {
    "KSampler": ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("add_noise", "noise_seed", "steps", "cfg", "sampler_name", "scheduler"),
    "RandomNoise": ("noise_seed",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSDXL": ("width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "UnetLoaderGGUF": ("unet_name",),
}


def graph_of(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The graph of a workflow; whatever makes no sense in it is left out."""
    links = {link[0]: [str(link[1]), link[2]] for link in workflow.get("links") or () if isinstance(link, list)}
    graph = {}
    for node in workflow["nodes"]:
        sockets = [each for each in node.get("inputs") or () if isinstance(each, dict)]
        inputs = {} if node.get("mode") == BYPASSED else dict(_values(node, sockets))
        inputs |= {str(each.get("name")): links[each["link"]] for each in sockets if each.get("link") in links}
        graph[str(node["id"])] = {"class_type": str(node.get("type")), "inputs": inputs}
    return graph


def _values(node: Mapping[str, Any], sockets: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What stands in a node's fields, by their names."""
    values = node.get("widgets_values") or ()
    if isinstance(values, dict):
        yield from values.items()
        return
    named = [each["widget"]["name"] for each in sockets if isinstance(each.get("widget"), dict)]
    names = iter(named or WIDGETS.get(node.get("type", ""), ("value",)))
    name = ""
    for value in values:
        if not (name.endswith("seed") and value in CONTROLS):
            name = next(names, "")
            if name:
                yield name, value
