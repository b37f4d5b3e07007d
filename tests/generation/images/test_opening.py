"""Pictures from people are opened safely."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from generation import PictureError, images
from generation.images import masks
from tests.generation.pictures import decoded, encoded


def half_and_half(mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", (64, 32), "red")
    image.paste((0, 0, 255), (32, 0, 64, 32))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "P"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB"), ("GIF", "P")],
)
def test_every_usual_kind_becomes_rgb_png(kind: str, mode: str) -> None:
    """PNG, JPEG, WebP and GIF in their colour modes open as the same RGB picture."""
    opened = images.open_picture(encoded(half_and_half(mode), kind))
    picture = decoded(opened.png)
    assert (picture.format, picture.mode, opened.width, opened.height) == ("PNG", "RGB", 64, 32)
    left, right = np.asarray(picture)[16, 8].astype(int), np.asarray(picture)[16, 56].astype(int)
    assert left[0] > 180 > 90 > left[2]
    assert right[2] > 120 > 90 > right[0]


def test_sixteen_bits_become_eight_without_turning_white() -> None:
    """A 16-bit ramp keeps its greys."""
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16)[None].repeat(32, 0)
    opened = images.open_picture(encoded(Image.fromarray(ramp), "PNG"))
    row = np.asarray(decoded(opened.png))[0, :, 0].astype(int)
    assert np.abs(row - np.linspace(0, 255, 64)).max() <= 1


def test_what_is_transparent_becomes_white() -> None:
    """Members 27: a half transparent picture lies on white paper, and that is said; an opaque one says nothing."""
    layer = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    layer.paste((0, 0, 255, 255), (0, 0, 16, 32))
    opened = images.open_picture(encoded(layer, "PNG"))
    picture = decoded(opened.png)
    assert images.WHITENED in opened.notes
    assert images.WHITENED not in images.open_picture(opened.png).notes
    assert picture.getpixel((24, 16)) == (255, 255, 255)
    assert picture.getpixel((8, 16)) == (0, 0, 255)


def test_a_photo_is_turned_upright_and_loses_its_metadata() -> None:
    """The EXIF rotation is carried out; place and camera are not kept."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret Camera"
    opened = images.open_picture(encoded(half_and_half(), "JPEG", exif=exif))
    assert (opened.width, opened.height) == (32, 64)
    assert b"Secret" not in opened.png
    assert not decoded(opened.png).getexif()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken_and_that_is_said(kind: str) -> None:
    """An animated picture is its first frame, with a note."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    opened = images.open_picture(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50))
    red, _, blue = decoded(opened.png).getpixel((16, 16))  # type: ignore[misc]
    assert red > 200 > 50 > blue
    assert "first frame" in opened.notes[0].template


def _png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "cannot read"),
        (b"hello", "cannot read"),
        (b"%PDF-1.4", "cannot read"),
        (encoded(half_and_half(), "BMP"), "cannot read"),
        (encoded(half_and_half(), "TIFF"), "cannot read"),
        (encoded(Image.effect_noise((256, 256), 90), "PNG")[:5000], "damaged"),
        (encoded(Image.effect_noise((256, 256), 90), "JPEG")[:900], "damaged"),
        (encoded(Image.new("RGB", (8, 200)), "PNG"), "at least 16"),
        (_png_that_claims(7000, 7000), "at most 36 megapixels"),
        (_png_that_claims(200_000, 200_000), "at most 36 megapixels"),
        (_png_that_claims(20_000, 20), "at most 36 megapixels"),
        (b"\0" * (images.MAX_BYTES + 1), "more than 25 MB"),
    ],
    ids=["empty", "text", "pdf", "bmp", "tiff", "cut png", "cut jpeg", "narrow", "large", "bomb", "long", "heavy"],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    """Each refusal is one sentence that says what to do."""
    with pytest.raises(PictureError, match=sentence) as caught:
        images.open_picture(data)
    assert str(caught.value).endswith(".")


def test_a_picture_that_is_fitted_is_cut_at_the_centre_and_not_stretched() -> None:
    """A wide picture fitted to a square keeps its middle and its proportions."""
    wide = Image.new("RGB", (200, 100), "white")
    wide.paste((255, 0, 0), (75, 25, 125, 75))
    fitted = np.asarray(images.read_kept(encoded(wide, "PNG"), (100, 100))).astype(int)
    red = (fitted[..., 0] > 128) & (fitted[..., 1] < 128)
    rows, columns = np.where(red.any(1))[0], np.where(red.any(0))[0]
    assert abs(len(rows) - len(columns)) <= 1
    assert abs(rows.mean() - 49.5) < 1
    assert abs(columns.mean() - 49.5) < 1


def _chunked(kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk put in behind its header."""
    file = io.BytesIO()
    Image.effect_noise((64, 64), 60).convert("RGB").save(file, "PNG")
    data = file.getvalue()
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + chunk + data[33:]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 2**21)),
        (b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"x" * 2**21)),
        (b"iCCP", b"icc\0\0" + zlib.compress(bytes(range(256)) * 2**13)),
        (b"tEXt", b"broken\0" + bytes(2**21)),
    ],
)
def test_large_texts_and_profiles_do_not_make_a_picture_damaged(kind: bytes, content: bytes) -> None:
    """Pillow's limits on what stands beside the pixels are no fault of the picture."""
    assert images.open_picture(_chunked(kind, content)).width == 64


def test_a_wrong_sum_of_what_is_no_pixel_does_not_make_a_picture_damaged() -> None:
    """Browsers show it all the same; a wrong sum of pixels is damage."""
    whole = _chunked(b"gAMA", struct.pack(">I", 45455))
    broken = bytearray(whole)
    broken[33 + 12] ^= 1
    assert images.open_picture(bytes(broken)).png == images.open_picture(whole).png
    broken[whole.index(b"IDAT") + 20] ^= 1
    with pytest.raises(PictureError):
        images.open_picture(bytes(broken))


def test_a_second_picture_in_a_photograph_is_no_animation() -> None:
    """Phones' JPEGs carry previews and maps of brightness; AVIF and HEIC are opened as others are."""
    picture = Image.linear_gradient("L").convert("RGB")
    file = io.BytesIO()
    picture.save(file, "MPO", save_all=True, append_images=[picture])
    assert not [note for note in images.open_picture(file.getvalue()).notes if "animated" in note.template]
    import pillow_heif

    heif = pillow_heif.from_pillow(picture)
    heif.add_from_pillow(picture)
    file = io.BytesIO()
    heif.save(file)
    opened = images.open_picture(file.getvalue())
    assert (opened.width, opened.height) == picture.size
    assert not [note for note in opened.notes if "animated" in note.template]
    file = io.BytesIO()
    picture.save(file, "AVIF")
    assert images.open_picture(file.getvalue()).width == 256


def test_an_alpha_channel_that_hides_nothing_is_no_mask() -> None:
    """Messages in the lowest bit, opaque channels, and sixteen bits: the light part is the mask then."""
    noise = np.random.default_rng(0)
    stealth = np.dstack([noise.integers(0, 255, (64, 64, 3), np.uint8), 254 + noise.integers(0, 2, (64, 64), np.uint8)])
    grey = np.zeros((64, 64), np.uint16)
    grey[:, :32] = 40_000
    grey[:, 32:] = 20_000
    painted = Image.new("RGBA", (64, 64), (0, 0, 0, 255))
    painted.paste((255, 255, 255, 255), (0, 0, 32, 64))
    for image in (Image.fromarray(stealth, "RGBA"), Image.fromarray(grey), painted):
        file = io.BytesIO()
        image.save(file, "PNG")
        assert not images.has_transparency(file.getvalue())
        if image.mode != "RGBA" or image is painted:
            mask = Image.open(io.BytesIO(masks.open_mask(file.getvalue())))
            assert (mask.getpixel((5, 5)), mask.getpixel((50, 5))) == (255, 0)
