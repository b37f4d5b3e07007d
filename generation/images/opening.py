"""Uploaded pictures, opened safely by their content."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ..errors import PictureError, Sentence
from .encoding import FAST_PNG
from .formats import BROKEN, alpha_of, open_image

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 36_000_000  # 24 megapixels of a camera and some more; 144 MB decoded
MAX_SIDE = 12_000
MIN_SIDE = 16

ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")

ROUGH = 70.0  # mean of a JPEG's first table; 58 at quality 50, 96 at quality 30
POOR_SIDE = 200  # pixels; below it a picture should be enlarged first
BLURRED = 0.05  # the Laplacian's deviation over the picture's own: sharp drawings have 0.09 and more, at 256 pixels
PLAIN = 8.0  # grey levels; below it the picture has too little structure to judge

#: remark on a picture that had transparent parts
WHITENED = Sentence("Its transparent parts are white now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPicture:
    """An uploaded picture, made harmless: RGB, upright, without metadata, as PNG."""

    png: bytes
    width: int
    height: int
    #: remarks on what was done to it
    notes: tuple[Sentence, ...] = ()


def open_picture(data: bytes) -> OpenedPicture:
    """Open an uploaded picture, by its content and not by its name.

    Takes PNG, JPEG, WebP, AVIF, HEIC and the first frame of GIF and other animations. Limits are checked before
    anything is decoded. Raises PictureError if it cannot be used.
    """
    check_bytes(len(data))
    try:
        with open_image(data) as image:
            _check_size(image)
            notes = _notes(image) + _compressed(image)
            image.load()
            notes += _whitened(image)
            ImageOps.exif_transpose(image, in_place=True)
            picture = flatten(_managed(image))
        notes += _hint(picture)
    except Image.DecompressionBombError:
        raise PictureError(
            "That picture is too large to open; send one of at most {most} megapixels.", most=36
        ) from None
    except UnidentifiedImageError:
        raise PictureError("I cannot read that file; send a picture as PNG, JPEG, WebP, AVIF, HEIC or GIF.") from None
    except BROKEN:
        raise PictureError(
            "That picture is damaged or incomplete; save it again as PNG or JPEG and send that."
        ) from None
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=FAST_PNG)
    return OpenedPicture(png=file.getvalue(), width=picture.width, height=picture.height, notes=notes)


def has_transparency(data: bytes) -> bool:
    """Whether parts of a picture are transparent, and not merely could be; False if it cannot be read."""
    try:
        with open_image(data) as image:
            _check_size(image)
            return alpha_of(image) is not None
    except (Image.DecompressionBombError, PictureError, *BROKEN):
        return False


def check_bytes(size: int, most: int = MAX_BYTES) -> None:
    """Raise PictureError if a file of ``size`` bytes is too large, before it is downloaded."""
    if size > most:
        raise PictureError("The file has more than {most} MB; send a smaller one.", most=most // 2**20)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PictureError(
            "That picture has {width}×{height} pixels; send one of at most {most} megapixels.",
            width=width,
            height=height,
            most=MAX_PIXELS // 1_000_000,
        )
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            "That picture has only {width}×{height} pixels; send one of at least {least} on each side.",
            width=width,
            height=height,
            least=MIN_SIDE,
        )


def _notes(image: Image.Image) -> tuple[Sentence, ...]:
    # A second picture in a JPEG or HEIC is a preview, a map of brightness or the other eye's, and no next frame.
    if image.format in ANIMATED and getattr(image, "is_animated", False):
        return (Sentence("It is animated; I took its first frame."),)
    return ()


def _whitened(image: Image.Image) -> tuple[Sentence, ...]:
    """Return a remark on a picture that has transparent parts."""
    return (WHITENED,) if alpha_of(image) is not None else ()


def _compressed(image: Image.Image) -> tuple[Sentence, ...]:
    """Return a remark on a JPEG if its quantisation table shows heavy compression."""
    tables = getattr(image, "quantization", None)
    if not tables or float(np.mean(tables[0])) < ROUGH:
        return ()
    return (Sentence("It is heavily compressed; a better copy, or /upscale first, gives a cleaner result."),)


def _hint(picture: Image.Image) -> tuple[Sentence, ...]:
    """Return a remark on a picture that is too small or too blurred to start from."""
    if min(picture.size) < POOR_SIDE:
        return (Sentence("It is small; enlarge it first with /upscale for a cleaner result."),)
    grey = np.asarray(picture.convert("L").resize((256, 256), Image.Resampling.BOX)).astype(np.float32)
    laplacian = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    if grey.std() > PLAIN and laplacian.std() < BLURRED * grey.std():
        return (Sentence("It is blurred; a sharper picture, or /upscale first, gives a cleaner result."),)
    return ()


def _managed(image: Image.Image) -> Image.Image:
    """Convert a picture with another colour profile to sRGB."""
    profile = image.info.get("icc_profile") or b""
    if not profile or b"sRGB" in profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    wanted = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, found, ImageCms.createProfile("sRGB"), outputMode=wanted)
    except (ImageCms.PyCMSError, *BROKEN):
        return image  # a profile for another mode, or a broken one: the colours are taken as they are
    return converted or image


def flatten(image: Image.Image) -> Image.Image:
    """The picture as RGB with 8 bits, transparent parts on white."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer)
        return paper
    return image.convert("RGB")


def read_kept(png: bytes, size: tuple[int, int] | None = None) -> Image.Image:
    """Decode what open_picture made; if ``size`` is given, scale to cover it and crop around the centre."""
    image = Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGB")
    return image if size is None else ImageOps.fit(image, size, Image.Resampling.LANCZOS)
