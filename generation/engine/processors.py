"""Processors of pictures and text that do not need torchvision."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import transformers
from diffusers.pipelines.omnigen import pipeline_omnigen
from diffusers.pipelines.omnigen.processor_omnigen import OmniGenCollator, OmniGenMultiModalProcessor, crop_image
from PIL import Image
from typing_extensions import override

#: FLUX.2's processor: its module needs torchvision to be imported. It gets text only, so a tokenizer will do.
PIXTRAL = "PixtralProcessor"


class _WithoutVideo:
    """A processor of Qwen's vision models without its video part, the only one that needs torchvision."""

    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str | None = None) -> None:
        """Take the parts of the whole processor."""
        self.image_processor = image_processor
        self.tokenizer = tokenizer
        self.video_processor = self.audio_tokenizer = None
        self.chat_template = chat_template
        self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
        self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
        self.video_token_id = tokenizer.convert_tokens_to_ids(self.video_token)
        self.vision_start_token, self.vision_end_token = "<|vision_start|>", "<|vision_end|>"
        self.vision_start_token_id = tokenizer.convert_tokens_to_ids(self.vision_start_token)
        self.vision_end_token_id = tokenizer.convert_tokens_to_ids(self.vision_end_token)

    @classmethod
    def get_attributes(cls) -> list[str]:
        """Return the names of its parts, for transformers."""
        return ["image_processor", "tokenizer"]

    def save_pretrained(self, save_directory: str, **_: Any) -> None:
        """Save it in the layout of the whole processor."""
        Path(save_directory).mkdir(parents=True, exist_ok=True)
        self.image_processor.save_pretrained(save_directory)
        self.tokenizer.save_pretrained(save_directory)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load a processor from a folder in the layout of the whole one."""
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        pictures = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
        return cls(pictures, tokenizer, tokenizer.chat_template)


class ImageAndText(_WithoutVideo, transformers.Qwen2VLProcessor):  # type: ignore[misc]
    """Qwen2VLProcessor."""


class ImageAndText3(_WithoutVideo, transformers.Qwen3VLProcessor):  # type: ignore[misc]
    """Qwen3VLProcessor."""


PROCESSORS = {"Qwen2VLProcessor": ImageAndText, "Qwen3VLProcessor": ImageAndText3}
# Checkpoints that are saved name the original class, so that they load anywhere.
for _name, _own in PROCESSORS.items():
    _own.__name__, _own.__module__ = _name, _own.__mro__[2].__module__


class OmniGenProcessor(OmniGenMultiModalProcessor):  # type: ignore[misc]
    """OmniGen's processor, whose pictures torchvision would turn into numbers."""

    def __init__(self, text_tokenizer: Any, max_image_size: int = 1024) -> None:
        """Take the tokenizer, and the most pixels of a picture's longer side."""
        self.text_tokenizer = text_tokenizer
        self.collator = OmniGenCollator()
        self.reset_max_image_size(max_image_size)

    @override
    def reset_max_image_size(self, max_image_size: int) -> None:
        self.max_image_size = max_image_size
        self.image_transform = self._pixels

    def _pixels(self, image: Image.Image) -> torch.Tensor:
        """Return the picture, cropped to multiples of 16, as (3, height, width) from -1 to 1."""
        pixels = np.asarray(crop_image(image, self.max_image_size).convert("RGB"))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 127.5 - 1


def without_torchvision() -> None:
    """Give OmniGen's pipeline the processor that its module leaves undefined if torchvision is not installed."""
    if not hasattr(pipeline_omnigen, "OmniGenMultiModalProcessor"):
        pipeline_omnigen.OmniGenMultiModalProcessor = OmniGenProcessor


def substitutes(folder: Path) -> dict[str, Any]:
    """Load components of a checkpoint whose own classes need torchvision; None postpones one to complete()."""
    without_torchvision()
    found: dict[str, Any] = {}
    for name, class_name in _classes(folder):
        if own := PROCESSORS.get(class_name):
            found[name] = own.load(folder / name)
        elif class_name == PIXTRAL:
            found[name] = None
    return found


def complete(pipeline: Any, folder: Path) -> Any:
    """Add the components that substitutes() postponed, and return the pipeline."""
    for name, class_name in _classes(folder):
        if class_name == PIXTRAL:
            pipeline.register_modules(**{name: transformers.AutoTokenizer.from_pretrained(folder / name)})
    return pipeline


def _classes(folder: Path) -> list[tuple[str, str]]:
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    return [(name, entry[1]) for name, entry in index.items() if isinstance(entry, list)]
