"""Pictures are opened in processes of their own, which hostile ones can neither take down nor slow the bot with."""

import asyncio
import os
import re
import resource
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import psutil
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from generation import Inspector, PictureError, images
from tests.generation.pictures import decoded, encoded

PEAK = 400 * 2**20  # bytes that a child may ever have held while it opened small broken pictures; empty it holds 60 MB
LONGEST = 10.0  # seconds for one of them, on a busy machine


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)


#: those of inspectors that other tests share
_others: list[psutil.Process] = []


@pytest.fixture(autouse=True)
def others() -> None:
    _others[:] = _all_children()


def _all_children() -> list[psutil.Process]:
    mine = psutil.Process().children()
    return [child for child in mine if any("generation.images.sandbox" in word for word in child.cmdline())]


def children() -> list[psutil.Process]:
    """The processes that open pictures for this test."""
    return [child for child in _all_children() if child not in _others]


@pytest_asyncio.fixture(loop_scope="session")
async def inspector() -> AsyncIterator[Inspector]:
    inspector = Inspector(children=1)
    yield inspector
    await inspector.close()


BAR = Image.linear_gradient("L").resize((64, 32))
FRAMES = [Image.new("P", (16, 16), n % 250) for n in range(3000)]

#: what opens, however odd it is
ODD: dict[str, Callable[[], bytes]] = {
    "thousands of frames": lambda: encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:], optimize=False),
    "36 megapixels in some kilobytes": lambda: encoded(Image.new("L", (6000, 6000)), "PNG"),
    "a broken colour profile": lambda: encoded(BAR.convert("RGB"), "PNG", icc_profile=b"\0" * 500),
    "a profile of another mode": lambda: encoded(
        BAR.convert("CMYK"), "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    ),
    "one bit": lambda: encoded(BAR.convert("1"), "PNG"),
    "grey with transparency": lambda: encoded(BAR.convert("LA"), "PNG"),
    "palette with transparency": lambda: encoded(BAR.convert("P"), "PNG", transparency=3),
    "sixteen bits": lambda: encoded(Image.fromarray(np.full((32, 64), 40_000, np.uint16)), "PNG"),
    "sixteen bits in colour": lambda: png_of(
        header(16, 16, 16), (b"IDAT", zlib.compress((b"\0" + b"\x80\0" * 48) * 16)), (b"IEND", b"")
    ),
    "EXIF that points nowhere": lambda: encoded(
        BAR, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + b"\x12\x01\x03\0\xff\xff\xff\xff" * 40
    ),
    "EXIF that points at itself": lambda: encoded(
        BAR, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + b"\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    ),
    "a JPEG named otherwise": lambda: encoded(BAR, "JPEG"),
    "two pictures in a JPEG": lambda: encoded(
        BAR.convert("RGB"), "MPO", save_all=True, append_images=[BAR.convert("RGB")]
    ),
    "something behind its end": lambda: encoded(BAR, "PNG") + b"PK\x03\x04" + os.urandom(10_000),
}

#: what does not, with a part of the sentence that says so
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "cannot read"),
    "a hundred megabytes": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100 * 2**20), "more than 25 MB"),
    "a PNG that claims four gigapixels": (lambda: png_of(header(65_535, 65_535), (b"IDAT", b"")), "megapixels"),
    "a PNG that claims more than there is": (
        lambda: png_of(header(6000, 6000), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")),
        "damaged",
    ),
    "a GIF that claims a huge screen": (lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0), "."),
    "a JPEG that claims a huge size": (
        lambda: re.sub(
            rb"(\xff\xc0\0.\x08)....", rb"\1" + struct.pack(">HH", 65_000, 65_000), encoded(BAR, "JPEG"), flags=re.S
        ),
        "megapixels",
    ),
    "a compressed text of 100 MB": (
        lambda: png_of(
            header(64, 32), (b"zTXt", b"a\0\0" + zlib.compress(bytes(100 * 2**20))), (b"IDAT", b""), (b"IEND", b"")
        ),
        "damaged",
    ),
    "TIFF": (lambda: encoded(BAR, "TIFF"), "cannot read"),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(/etc/passwd) run\n", "cannot read"),
    "an icon with a PNG in it": (lambda: encoded(BAR, "ICO"), "cannot read"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "cannot read"),
    "a PNG cut in half": (lambda: encoded(Image.effect_noise((64, 64), 90), "PNG")[:2000], "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
async def test_what_is_odd_but_whole_is_opened(inspector: Inspector, name: str) -> None:
    """Animations, palettes, depths, profiles and wrong EXIF open as an RGB picture within seconds."""
    opened = await inspector.open_picture(ODD[name]())
    picture = decoded(opened.png)
    assert (picture.mode, picture.size) == ("RGB", (opened.width, opened.height))


async def test_what_is_hostile_is_refused_and_the_process_that_refuses_it_lives(inspector: Inspector) -> None:
    """Bombs, lies, cut and foreign files are each refused with a sentence, by one and the same process."""
    await inspector.open_picture(encoded(BAR, "PNG"))
    before = children()
    for name, (make, words) in HOSTILE.items():
        with pytest.raises(PictureError, match=re.escape(words)) as caught:
            await inspector.open_picture(make())
        assert str(caught.value).endswith("."), name
    assert children() == before
    (child,) = before
    assert _peak(child) < PEAK


async def test_colours_are_those_that_the_profile_means() -> None:
    """A picture whose profile swaps red and blue is opened with the colours that its author saw."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    data = encoded(Image.new("RGB", (32, 32), "red"), "PNG", icc_profile=bytes(profile).replace(b"sRGB", b"xRGB"))
    pixel = decoded(images.open_picture(data).png).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 240 > 40 > pixel[0]


@pytest.mark.slow
async def test_a_large_picture_holds_up_neither_the_loop_nor_others() -> None:
    """While one process opens 36 megapixels, small pictures of others are opened by the second."""
    inspector = Inspector(children=2)
    small = encoded(BAR, "PNG")
    await asyncio.gather(inspector.open_picture(small), inspector.open_picture(small))
    large = asyncio.create_task(inspector.open_picture(encoded(Image.new("RGBA", (6000, 6000), (9, 9, 9, 99)), "PNG")))
    opened = 0
    while not large.done():
        await inspector.open_picture(small)
        opened += 1
    assert opened >= 3
    assert (await large).width == 6000
    await inspector.close()


@pytest.mark.slow
async def test_a_process_that_hangs_or_dies_costs_its_picture_alone() -> None:
    """After the time limit, or a kill, the picture is refused with a sentence and the next one is opened."""
    inspector = Inspector(children=1, seconds=5.0)
    small = encoded(BAR, "PNG")
    for harm in (psutil.Process.suspend, psutil.Process.kill):
        await inspector.open_picture(small)
        (child,) = children()
        harm(child)
        with pytest.raises(PictureError, match="open that picture safely"):
            await inspector.open_picture(small)
        assert (await inspector.open_picture(small)).width == 64
    await inspector.close()
    assert not children()


async def test_a_process_that_is_told_to_end_with_its_parent_leaves_that_to_it(inspector: Inspector) -> None:
    """After a SIGTERM, as systemd sends to all of a service's processes, pictures are still opened."""
    small = encoded(BAR, "PNG")
    await inspector.open_picture(small)
    before = children()
    for child in before:
        child.terminate()
    assert (await inspector.open_picture(small)).width == 64
    assert children() == before


async def test_whoever_stops_waiting_leaves_the_next_one_a_clean_process(inspector: Inspector) -> None:
    """A call that is cancelled in the middle does not leave its answer to the next call."""
    large = asyncio.create_task(inspector.open_picture(encoded(Image.new("L", (6000, 6000)), "PNG")))
    await asyncio.sleep(0)
    large.cancel()
    assert (await inspector.open_picture(encoded(BAR, "PNG"))).width == 64


async def test_the_process_has_limits_and_no_secrets(inspector: Inspector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is limited, files cannot be written, and of the environment only four variables are passed on."""
    for name in ("DISCORD_TOKEN", "HF_TOKEN", "MY_PASSWORD"):
        monkeypatch.setenv(name, "a value")
    await inspector.open_picture(encoded(BAR, "PNG"))
    (child,) = children()
    assert child.rlimit(psutil.RLIMIT_AS)[0] < 1.5 * 2**30 < resource.getrlimit(resource.RLIMIT_AS)[0] % 2**64
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert "a value" not in child.environ().values()


async def test_what_a_picture_says_of_itself_is_read_there_too(inspector: Inspector) -> None:
    """Parameters, transparency and masks come back as they do without the process."""
    assert await inspector.parameters(encoded(BAR, "PNG")) is None
    assert await inspector.has_transparency(encoded(Image.new("LA", (32, 32), (120, 0)), "PNG"))
    assert not await inspector.has_transparency(encoded(BAR.convert("LA"), "PNG"))  # a channel that hides nothing
    assert not await inspector.has_transparency(b"nothing")
    assert decoded(await inspector.open_mask(encoded(BAR, "PNG"))).getextrema() == (0, 255)


def _peak(child: psutil.Process) -> int:
    """The most memory that a process ever held, in bytes."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{child.pid}/status").read_text())[0]) * 1024


SOURCES = [
    encoded(BAR.convert("RGB"), "PNG"), encoded(BAR.convert("RGBA"), "PNG"), encoded(BAR.convert("P"), "PNG"),
    encoded(BAR, "JPEG"), encoded(BAR.convert("CMYK"), "JPEG"), encoded(BAR.convert("RGB"), "JPEG", progressive=True),
    encoded(BAR.convert("RGB"), "WEBP"), encoded(BAR.convert("RGBA"), "WEBP", lossless=True),
    encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:5]),
    encoded(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:5]),
    encoded(FRAMES[0].convert("RGB"), "WEBP", save_all=True, append_images=FRAMES[1:5]),
    ODD["sixteen bits"](), ODD["EXIF that points at itself"](), ODD["a profile of another mode"](),
]  # fmt: skip

MUTATION = st.tuples(
    st.sampled_from(["set", "cut", "insert", "repeat", "drop"]),
    st.integers(0, 10**6),
    st.binary(min_size=1, max_size=12),
)


def mutated(data: bytes, mutations: list[tuple[str, int, bytes]]) -> bytes:
    for kind, where, what in mutations:
        at = where % max(len(data), 1)
        match kind:
            case "set":
                data = data[:at] + what + data[at + len(what) :]
            case "cut":
                data = data[:at]
            case "insert":
                data = data[:at] + what + data[at:]
            case "repeat":
                data = data[:at] + data[at : at + 40] * (what[0] % 20) + data[at:]
            case "drop":
                data = data[:at] + data[at + what[0] :]
    return data


@pytest.fixture
def ask() -> Iterator[Callable[[bytes], images.OpenedPicture]]:
    """Opens in one process, outside of any test's loop."""
    inspector = Inspector(children=1)
    with asyncio.Runner() as runner:
        yield lambda data: runner.run(inspector.open_picture(data))
        runner.run(inspector.close())


def _every_mutation_ends_well(ask: Callable[[bytes], images.OpenedPicture], examples: int) -> None:
    before = children()  # another test's may still be ending
    ask(SOURCES[0])
    (child,) = [each for each in children() if each not in before]

    @given(st.sampled_from(SOURCES), st.lists(MUTATION, min_size=1, max_size=6))
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    def run(data: bytes, mutations: list[tuple[str, int, bytes]]) -> None:
        began = monotonic()
        refused = ""
        try:
            opened = ask(mutated(data, mutations))
        except PictureError as error:
            refused = error.template
        else:
            assert decoded(opened.png).size == (opened.width, opened.height)
        assert "safely" not in refused  # which would mean that the child died
        assert monotonic() - began < LONGEST

    run()
    assert children() == [child]
    assert _peak(child) < PEAK


@pytest.mark.slow
def test_mutated_pictures_are_opened_or_refused_and_nothing_else(ask: Callable[[bytes], images.OpenedPicture]) -> None:
    """400 mutations of pictures of all kinds end as a picture or a sentence, in one process within its memory."""
    _every_mutation_ends_well(ask, 400)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_twenty_thousand_mutations_neither_crash_nor_hang_nor_swell(
    ask: Callable[[bytes], images.OpenedPicture],
) -> None:
    """20,000 mutations: no crash, none longer than ten seconds, never more than 400 MB."""
    _every_mutation_ends_well(ask, 20_000)
