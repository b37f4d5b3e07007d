"""A certificate authority of a folder of its own, and pictures to sign."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from generation import Request, Task, images
from generation.provenance import Authority, Signer

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
MADE = Request(
    task=Task.TXT2IMG, model="criar-embedded", prompt="a secret cat", negative_prompt="dogs", seed=7, width=96,
    height=64, num_inference_steps=8, guidance_scale=4.0, scheduler="DDIM",
)  # fmt: skip

Read = Callable[[bytes], dict[str, Any]]


def drawn(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A smooth picture with edges."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste("#d02020", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    return image


def encoded(format_: str, **options: Any) -> bytes:
    file = io.BytesIO()
    drawn().save(file, format_, **options)
    return file.getvalue()


@pytest.fixture
def png() -> bytes:
    return images.encode_png(drawn(), MADE)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    found = Authority(tmp_path_factory.mktemp("authority") / "certificates")
    found.credentials()
    return found


@pytest.fixture
def signer(authority: Authority) -> Signer:
    return Signer(authority.credentials)


@pytest.fixture
def read(authority: Authority) -> Read:
    """c2pa's own reader, which trusts the authority."""
    context = c2pa.Context.from_dict(
        {"version": 1, "trust": {"user_anchors": authority.anchors()}, "verify": {"remote_manifest_fetch": False}}
    )

    def store(data: bytes) -> dict[str, Any]:
        found = c2pa.Reader(io.BytesIO(data), context=context)
        active = found.get_active_manifest()
        assert active
        return {"state": found.get_validation_state(), "whole": found.json(), **active}

    return store


def openssl_like(folder: Path) -> tuple[Path, Path]:
    """An operator's own chain and key in two files, as an authority hands them out."""
    folder.mkdir(exist_ok=True)
    other = Authority(folder / "theirs")
    credentials = other.credentials()
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(credentials.chain)
    key.write_bytes(credentials.key)
    return chain, key
