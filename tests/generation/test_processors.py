"""Pictures for models whose own processors need torchvision."""

import torch
from PIL import Image

from generation.engine.processors import OmniGenProcessor
from tests.tiny import tokenizers


def test_omnigen_s_pictures_are_what_torchvision_would_make_of_them() -> None:
    """Scaled to the most pixels, cropped around the middle to multiples of 16, -1 for black and 1 for white."""
    processor = OmniGenProcessor(tokenizers.llama())
    picture = Image.new("RGB", (100, 70), "black")
    picture.paste("white", (50, 0, 100, 70))
    pixels = processor.process_image(picture)
    assert pixels.shape == (3, 64, 96)
    assert torch.equal(pixels[:, :, :48], torch.full((3, 64, 48), -1.0))
    assert torch.equal(pixels[:, :, 48:], torch.ones(3, 64, 48))
    processor.reset_max_image_size(64)
    assert processor.process_image(picture).shape == (3, 32, 64)


def test_an_instruction_and_its_pictures_become_one_sequence() -> None:
    """Each picture has a place of a token for 16 by 16 pixels, where the instruction names it."""
    processor = OmniGenProcessor(tokenizers.llama())
    picture = Image.new("RGB", (64, 32))
    made = processor(["<img><|image_1|></img> paint it blue"], [[picture]], height=32, width=32)
    ((start, end),) = made["input_image_sizes"][0]
    assert end - start == 2 * 4
    assert (made["input_ids"][0][start:end] == 0).all()
    assert len(made["input_ids"]) == 3  # with both, with neither, and with the picture only
