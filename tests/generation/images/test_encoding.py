"""Pictures of ours carry what made them, and are made small enough to be sent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation import Request, Task, images
from tests.generation.pictures import decoded

REQUEST = Request(
    task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", negative_prompt="dogs", seed=5, width=512, height=384,
    num_inference_steps=20, guidance_scale=4.5, scheduler="DDIM",
)  # fmt: skip


def test_a_picture_of_ours_says_what_made_it() -> None:
    """The PNG carries the parameters in the form other tools read, and that a model made it."""
    picture = decoded(images.encode_png(Image.new("RGB", (64, 32), "red"), REQUEST))
    assert picture.text["parameters"] == (  # type: ignore[attr-defined]
        "a cat\nNegative prompt: dogs\n"
        "Steps: 20, Sampler: DDIM, CFG scale: 4.5, Seed: 5, Size: 512x384, Model: criar-embedded"
    )
    assert "digitalsourcetype/trainedAlgorithmicMedia" in picture.text["XML:com.adobe.xmp"]  # type: ignore[attr-defined]


def test_a_picture_made_from_a_persons_says_that_it_is_composite() -> None:
    """Where a person's picture went in, the digital source type is the composite one, and the strength is told."""
    request = replace(REQUEST, task=Task.IMG2IMG, strength=0.5, images=(Path("x.png"),))
    text = decoded(images.encode_png(Image.new("RGB", (64, 32), "red"), request)).text  # type: ignore[attr-defined]
    assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in text["XML:com.adobe.xmp"]
    assert text["parameters"].endswith("Denoising strength: 0.5")


def parameters_in(picture: Image.Image) -> str:
    """The parameters where Automatic1111 reads them: a text chunk of a PNG, the EXIF user comment of other files."""
    if picture.format == "PNG":
        return str(picture.info["parameters"])
    comment = picture.getexif().get_ifd(0x8769)[0x9286]
    return bytes(comment).removeprefix(b"UNICODE\0").decode("utf-16-be")


@pytest.mark.parametrize(("limit", "kind"), [(10**7, "PNG"), (300_000, "WEBP"), (100_000, "WEBP"), (6_000, "JPEG")])
def test_a_picture_is_made_to_fit_the_upload_limit(limit: int, kind: str) -> None:
    """Whatever the limit, what comes out is a picture within it that still says that a model made it."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (512, 512, 3), dtype=np.uint8))
    data, extension = images.under_limit(images.encode_png(noise, REQUEST), limit)
    assert len(data) <= limit
    picture = decoded(data)
    assert {"png": "PNG", "webp": "WEBP", "jpg": "JPEG"}[extension] == picture.format
    assert b"trainedAlgorithmicMedia" in data
    assert parameters_in(picture) == images.parameters_text(REQUEST)
    if limit > 10_000:
        assert picture.format == kind
