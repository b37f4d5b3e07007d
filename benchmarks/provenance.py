"""What signing costs, whether all that members receive is signed, and which attacks the watermark survives."""

import io
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import c2pa
import numpy as np
from PIL import Image, ImageOps

from bot.config.schema import Provenance
from bot.messages.content_credentials import ContentCredentials
from generation import Request, Task
from generation.provenance import (
    has_watermark_files,
    read_payload,
    read_watermark,
    write_payload,
    write_watermark,
)
from tests.tiny.trustmark import write_tiny_trustmark

from .filter import made_pictures
from .rig import bot_beside, picture

KEY = b"the benchmark's key"
FOLDER = Path("data/watermark")  # TrustMark's files, if they were fetched
REQUEST = Request(
    task=Task.TXT2IMG, model="criar-embedded", prompt="a red apple", seed=1, width=512, height=512,
    num_inference_steps=8, guidance_scale=4.0, scheduler="DDIM",
)  # fmt: skip

Attack = Callable[[Image.Image], Image.Image]


async def run(*, quick: bool) -> dict[str, object]:
    """Shares from 0 to 1, milliseconds and bytes.

    ``signed_share``: of the pictures that a client of the local Discord received, those that c2pa's own reader trusts.
    ``mark_survives``: by attack, of the marked pictures those that are read as ours. ``mark_false``: of unmarked ones.
    """
    asked, signed, pictures = (3, 40, 12) if quick else (40, 400, 200)
    made = await made_pictures(pictures)
    return {"signed_share": await signed_share(asked), **signing_costs(made, signed), **watermark_figures(made)}


async def signed_share(count: int) -> float:
    """Ask the real bot for pictures, and verify what arrives."""
    async with bot_beside() as (local, data, _):
        for number in range(count):
            await picture(local, f"a red apple, number {number}")
        anchors = (data / "certificates" / "anchors.pem").read_text()
        context = c2pa.Context.from_dict({"version": 1, "trust": {"user_anchors": anchors}})
        files = [file for message in local.messages() for file in local.files(message)]
        readers = [c2pa.Reader.try_create(io.BytesIO(file), context=context) for file in files]
        held = [reader is not None and reader.get_validation_state() == "Trusted" for reader in readers]
        return round(float(np.mean(held)), 4)


def signing_costs(made: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Sign PNG, JPEG and WebP in turn, each with its check afterwards as the bot does it."""
    files = [_encoded(png, format_) for png in made for format_ in ("PNG", "JPEG", "WEBP")]
    times, added = [], []
    with tempfile.TemporaryDirectory() as folder:
        credentials = ContentCredentials(Provenance(), Path(folder))
        credentials.preview(files[0])  # loads the library
        for number in range(rounds):
            file = files[number % len(files)]
            began = perf_counter()
            done = credentials.original(file, REQUEST, model="Criar embedded", when=datetime.now(UTC))
            times.append(1000 * (perf_counter() - began))
            added.append(len(done) - len(file))
    return {
        "sign_ms_p50": round(median(times), 2),
        "sign_ms_p99": round(quantiles(times, n=100)[98], 2),
        "bytes_added": median(added),
    }


def watermark_figures(made: Sequence[bytes]) -> dict[str, object]:
    """Mark, attack, read; ``mark_weights`` says with what: TrustMark's files, or a stand-in that says nothing of it."""
    with tempfile.TemporaryDirectory() as temporary:
        real = has_watermark_files(FOLDER)
        folder = FOLDER if real else write_tiny_trustmark(Path(temporary))
        survived: dict[str, list[bool]] = {name: [] for name in ATTACKS}
        loudness, false = [], []
        for png in made:
            before = Image.open(io.BytesIO(png)).convert("RGB")
            marked = Image.open(io.BytesIO(write_watermark(png, write_payload(datetime.now(UTC), KEY), folder)))
            loudness.append(_psnr(before, marked))
            for name, attack in ATTACKS.items():
                survived[name].append(_is_ours(attack(marked.convert("RGB")), folder))
            false += [_is_ours(variant(before), folder) for variant in VARIANTS]
    return {
        "mark_weights": "TrustMark Q" if real else "stand-in",
        "mark_psnr": round(median(loudness), 1),
        "mark_survives": {name: round(sum(held) / len(held), 3) for name, held in survived.items()},
        "mark_false": round(sum(false) / len(false), 5),
    }


def _is_ours(image: Image.Image, folder: Path) -> bool:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=0)
    bits = read_watermark(file.getvalue(), folder)
    return bool(bits) and read_payload(bits, KEY) is not None


def _psnr(one: Image.Image, other: Image.Image) -> float:
    off = np.asarray(one, np.float64) - np.asarray(other.convert("RGB"), np.float64)
    return float(10 * np.log10(255**2 / max(float(np.mean(off**2)), 1e-9)))


def _encoded(png: bytes, format_: str) -> bytes:
    if format_ == "PNG":
        return png
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(file, format_, quality=90)
    return file.getvalue()


def _again(format_: str, quality: int) -> Attack:
    """Decoded from what a lossy format leaves."""

    def attack(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, format_, quality=quality)
        return Image.open(file).convert("RGB")

    return attack


def _scaled(share: float) -> Attack:
    return lambda image: image.resize(
        (round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS
    )


def _cropped(image: Image.Image) -> Image.Image:
    """Without a tenth of its width, at the left."""
    return image.crop((round(image.width / 10), 0, image.width, image.height))


def _preview(image: Image.Image) -> Image.Image:
    return _again("WEBP", 80)(_scaled(400 / max(image.width, image.height))(image))


#: Discord shows previews as WebP, scaled to what fits the window
ATTACKS: dict[str, Attack] = {
    "none": lambda image: image,
    "discord_webp": _again("WEBP", 80),
    "discord_preview": _preview,
    "jpeg_80": _again("JPEG", 80),
    "half": _scaled(0.5),
    "cropped_tenth": _cropped,
}
#: five different unmarked pictures of one
VARIANTS: tuple[Attack, ...] = (
    lambda image: image, ImageOps.mirror, ImageOps.flip, _cropped, _again("JPEG", 80),
)  # fmt: skip
