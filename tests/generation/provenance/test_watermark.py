"""The watermark's way: what is written is read, with its error correction, by whoever has the key.

The files are a tiny stand-in for TrustMark's weights, or its networks with weights by chance, so nothing here says how
well those survive.
"""

import io
import random
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from generation import Inspector
from generation.provenance import (
    Known,
    error_correction,
    has_watermark_files,
    read_payload,
    read_watermark,
    write_payload,
    write_watermark,
)
from tests.generation.provenance.conftest import NOON, drawn
from tests.tiny.trustmark import write_tiny_trustmark
from tests.tiny.trustmark_nets import Reader, Writer, write_networks

KEY = b"a key"
MARGIN = 1e-4  # of a bit's score, in a reader of random weights: ten times what half precision is off


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_trustmark(tmp_path_factory.mktemp("trustmark"))


def as_png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_a_payload_says_which_hour_and_only_to_its_key() -> None:
    """The hour is found with the key; another key and changed bits find nothing."""
    payload = write_payload(NOON + timedelta(minutes=50), KEY)
    assert len(payload) == error_correction.DATA_BITS
    assert read_payload(payload, KEY) == NOON
    assert read_payload(payload, b"another") is None
    flipped = payload[:-1] + "10"[int(payload[-1])]
    assert read_payload(flipped, KEY) is None


@pytest.mark.parametrize("wrong", range(6))
def test_up_to_five_wrong_bits_are_mended(wrong: int) -> None:
    """Wherever they are, in the data or in the check bits."""
    chance = random.Random(wrong)
    for _ in range(30):
        data = "".join(chance.choice("01") for _ in range(61))
        bits = list(data + error_correction.encode(data))
        for place in chance.sample(range(96), wrong):
            bits[place] = "10"[int(bits[place])]
        assert error_correction.decode("".join(bits[:61]), "".join(bits[61:])) == data


def test_the_check_bits_are_trustmark_s() -> None:
    """As Adobe's package (trustmark 0.9.2, DataLayer(100, False, 1)) writes them for the same data."""
    assert error_correction.encode("01" * 30 + "1") == "00100010011101101110100000010011000"
    assert error_correction.encode("1" * 61) == "11110101010100110100111000010010010"


def test_noise_is_hardly_ever_taken_for_a_mark() -> None:
    """Of random bits one in 500 mends to something, and none of that has the key's tag."""
    chance = random.Random(1)
    found = []
    for _ in range(1000):
        bits = "".join(chance.choice("01") for _ in range(96))
        if decoded := error_correction.decode(bits[:61], bits[61:]):
            found.append(decoded)
    assert len(found) < 10
    assert [each for each in found if read_payload(each, KEY)] == []


@pytest.mark.parametrize("size", [(512, 512), (640, 400), (900, 300)])
def test_what_is_written_is_read(folder: Path, size: tuple[int, int]) -> None:
    """In square, wide and very long pictures, of which only the centre is marked; texts and shape stay."""
    payload = write_payload(NOON, KEY)
    before = as_png(drawn(size))
    marked = write_watermark(before, payload, folder)
    assert Image.open(io.BytesIO(marked)).size == size
    assert read_watermark(marked, folder) == payload
    assert read_watermark(before, folder) != payload
    edge = np.asarray(Image.open(io.BytesIO(marked)))[0, 0].astype(int) - np.asarray(drawn(size))[0, 0]
    assert abs(edge).max() < 16


def test_absent_and_broken_files_are_an_error_of_the_disk(folder: Path, tmp_path: Path) -> None:
    """Whoever marks must know, and send the picture without a mark."""
    assert has_watermark_files(folder)
    assert not has_watermark_files(tmp_path)
    with pytest.raises(OSError, match="encoder_Q"):
        write_watermark(as_png(drawn()), "0" * 61, tmp_path)
    (tmp_path / "encoder_Q.onnx").write_bytes(b"nonsense")
    with pytest.raises(OSError, match="encoder_Q"):
        write_watermark(as_png(drawn()), "0" * 61, tmp_path / ".." / tmp_path.name)


async def test_the_image_sandbox_reads_marks(folder: Path) -> None:
    """The child process finds the same bits in what people send."""
    payload = write_payload(NOON, KEY)
    marked = write_watermark(as_png(drawn((512, 512))), payload, folder)
    inspector = Inspector(children=1)
    try:
        assert (await inspector.provenance(marked, Known(), folder)).mark == payload
        assert (await inspector.provenance(marked, Known(), None)).mark == ""
        # Files that cannot be used say nothing of the picture.
        assert (await inspector.provenance(marked, Known(), folder / "absent")).mark == ""
    finally:
        await inspector.close()


def signal(image: Image.Image) -> torch.Tensor:
    """A picture as TrustMark takes it: (1, 3, 256, 256) from -1 to 1."""
    small = np.asarray(image.resize((256, 256), Image.Resampling.BILINEAR)) / np.float32(255)
    return torch.from_numpy(small).permute(2, 0, 1)[None] * 2 - 1


def adobe_s_mark(writer: Writer, image: Image.Image, bits: str) -> np.ndarray:
    """What TrustMark.encode of Adobe's trustmark 0.9.2 makes of a picture, (height, width, 3), but for its edges."""
    cover = signal(image)
    with torch.no_grad():
        residual = writer(cover, torch.tensor([[float(bit) for bit in bits]])).clamp(-1, 1) - cover
    residual -= residual.mean(dim=(2, 3), keepdim=True)
    spread = torch.nn.functional.interpolate(residual, size=image.size[::-1], mode="bilinear")
    added = spread[0].permute(1, 2, 0).numpy() + np.asarray(image) / 127.5 - 1
    marked: np.ndarray = np.clip(added, -1, 1) * 127.5 + 127.5
    return marked


def test_files_like_trustmark_s_are_run_as_its_own_program_runs_them(tmp_path: Path) -> None:
    """Of its architecture, inputs, outputs and precision: the same picture comes out, and the same bits are read."""
    torch.manual_seed(5)
    writer, reader = Writer(4).eval(), Reader(4).eval()
    payload = write_payload(NOON, KEY)
    bits = payload + error_correction.encode(payload) + "0001"
    image = drawn((600, 400))
    with torch.no_grad():  # it reads these bits in this picture, and others in any other
        reader.bits.bias += MARGIN * (2 * torch.tensor([float(bit) for bit in bits]) - 1) - reader(signal(image))[0]
    write_networks(tmp_path, writer, reader)
    assert read_watermark(as_png(image), tmp_path) == payload
    for other in (ImageOps.invert(image), Image.merge("RGB", image.split()[::-1])):
        assert read_watermark(as_png(other), tmp_path) != payload
    marked = np.asarray(Image.open(io.BytesIO(write_watermark(as_png(image), payload, tmp_path))), np.float32)
    inside = (slice(10, -10), slice(10, -10))
    assert np.abs(marked - adobe_s_mark(writer, image, bits))[inside].max() < 1  # of 255: Adobe's cuts what we round
    assert np.abs(marked - np.asarray(image)).mean() > 5
