"""The watermark's way: what is written is read, with its error correction, by whoever has the key.

The files are a tiny stand-in for TrustMark's weights, so nothing here says how well those survive.
"""

import io
import random
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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

KEY = b"a key"


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
