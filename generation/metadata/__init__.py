"""How a picture was made, as it says itself: ours, and the metadata of the common tools. Blocks.

Read are Automatic1111 and its relatives, ComfyUI, InvokeAI, SwarmUI, NovelAI, Fooocus, Draw Things, Easy Diffusion,
Civitai, Tensor.Art and Midjourney, each in all of the containers that it writes: PNG's texts, XMP, EXIF in JPEG, WebP
and AVIF, and alpha channels.
"""

from collections.abc import Callable, Mapping

from .automatic1111 import read_automatic1111
from .comfyui import read_comfyui
from .containers import hidden_texts_of, texts_of
from .other_tools import (
    read_civitai,
    read_drawthings,
    read_dream,
    read_easydiffusion,
    read_fooocus,
    read_invokeai,
    read_invokeai_2,
    read_midjourney,
    read_novelai,
    read_swarmui,
    read_tensorart,
)
from .parameters import Parameters

__all__ = ["Parameters", "read_parameters"]

#: which text is whose, in the order in which they are tried: those that say most first
READERS: tuple[tuple[str, Callable[[str, Mapping[str, str]], Parameters | None]], ...] = (
    ("parameters", read_swarmui),
    ("parameters", read_fooocus),
    ("parameters", read_civitai),
    ("parameters", read_automatic1111),
    ("generation_data", read_tensorart),
    ("invokeai_metadata", read_invokeai),
    ("sd-metadata", read_invokeai_2),
    ("Dream", read_dream),
    ("Comment", read_drawthings),
    ("Comment", read_novelai),
    ("prompt", read_comfyui),
    ("workflow", read_comfyui),
    ("Comment", read_comfyui),
    ("prompt", read_easydiffusion),
    ("Comment", read_easydiffusion),
    ("Description", read_midjourney),
)

MAX_TEXT = 8 * 2**20  # characters of metadata that are looked at; graphs of some hundred nodes have 200,000


def read_parameters(data: bytes) -> Parameters | None:
    """The parameters that a picture carries; None if it carries none that can be read.

    A field that cannot be read is left empty; the others are told all the same.
    """
    return _read(texts_of(data)) or _read(hidden_texts_of(data))


def _read(texts: Mapping[str, str]) -> Parameters | None:
    texts = {key: text for key, text in texts.items() if len(text) <= MAX_TEXT}
    for key, read in READERS:
        if text := texts.get(key):
            try:
                found = read(text, texts)
            # It comes from strangers: any value may be of any type.
            except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
                continue
            if found:
                return found
    return None
