"""Pictures as bytes: opened safely, fitted, encoded with their parameters. Everything here blocks; no torch."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from ..errors import PictureError, Sentence
from ..types import ModelSpec, Request
from .formats import BROKEN, alpha_of, open_image

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 36_000_000  # 24 megapixels of a camera and some more; 144 MB decoded
MAX_SIDE = 12_000
MIN_SIDE = 16

#: IPTC's vocabulary http://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="{source_type}"/>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
XMP_KEY = "XML:com.adobe.xmp"

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286  # where Automatic1111 writes parameters in formats other than PNG

ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")

ROUGH = 70.0  # mean of a JPEG's first table; 58 at quality 50, 96 at quality 30
POOR_SIDE = 200  # pixels; below it a picture should be enlarged first
BLURRED = 0.05  # the Laplacian's deviation over the picture's own: sharp drawings have 0.09 and more, at 256 pixels
PLAIN = 8.0  # grey levels; below it the picture has too little structure to judge

FAST_PNG = 1  # zlib's level: a quarter of the time of the usual 6, for files about a tenth larger
SHRINK = 0.75  # of each side, if no encoding is small enough
#: remark on a picture that had transparent parts
WHITENED = Sentence("Its transparent parts are white now.")
SMALLEST = 64  # pixels; smaller pictures are not shrunk further


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


def fit_size(width: int, height: int, spec: ModelSpec) -> tuple[int, int]:
    """Return the nearest size that the model makes, with the aspect ratio as far as its limits allow."""
    limits = spec.limits
    down = min(1.0, limits.max_side / max(width, height))
    scale = max(down, limits.min_side / min(width, height)) if min(width, height) * down < limits.min_side else down

    def rounded(side: float) -> int:
        return min(max(round(side / limits.multiple) * limits.multiple, limits.min_side), limits.max_side)

    return rounded(width * scale), rounded(height * scale)


def fit_source(width: int, height: int, spec: ModelSpec) -> tuple[int, int]:
    """Return the size for an uploaded picture: its aspect ratio, at the area that the model is made for."""
    scale = (spec.defaults.width * spec.defaults.height / (width * height)) ** 0.5
    return fit_size(round(width * scale), round(height * scale), spec)


def source_type(request: Request) -> str:
    """Return IPTC's digital source type: made by a model only, or by a model from a person's picture."""
    return "compositeWithTrainedAlgorithmicMedia" if request.images else "trainedAlgorithmicMedia"


def parameters_text(request: Request, *, prompt: bool = True) -> str:
    """Return the settings in the format of Automatic1111's web interface, which other tools read.

    Without ``prompt``, neither the prompt nor the negative prompt stands in it.
    """
    loras = ", ".join(f"{name}:{weight:g}" for name, weight in request.loras)
    facts: dict[str, object] = {
        "Steps": request.num_inference_steps or None,
        "Sampler": request.scheduler or None,
        "CFG scale": f"{request.guidance_scale:g}" if request.num_inference_steps else None,
        "Seed": request.seed if request.num_inference_steps else None,
        "Size": f"{request.width}x{request.height}",
        "Model": request.model,
        "Denoising strength": None if request.strength is None else f"{request.strength:g}",
        "LoRA": f'"{loras}"' if loras else None,
    }
    lines = [request.prompt] if prompt and request.prompt else []
    if prompt and request.negative_prompt:
        lines.append(f"Negative prompt: {request.negative_prompt}")
    return "\n".join([*lines, ", ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)])


def encode_png(image: Image.Image, request: Request) -> bytes:
    """Encode as PNG with the parameters and the IPTC digital source type of pictures made by a model."""
    info = PngInfo()
    info.add_text("parameters", parameters_text(request))
    info.add_itxt(XMP_KEY, XMP.format(source_type=SOURCE_TYPE + source_type(request)))
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=info, compress_level=FAST_PNG)
    return file.getvalue()


def under_limit(png: bytes, limit: int) -> tuple[bytes, str]:
    """Return the picture in at most ``limit`` bytes, and its file extension.

    Unchanged if it fits; otherwise as WebP, as JPEG, and at last with fewer pixels. Its parameters and the digital
    source type are kept in every format.
    """
    if len(png) <= limit:
        return png, "png"
    source = Image.open(io.BytesIO(png), formats=("PNG",))
    source.load()
    xmp = str(source.info.get(XMP_KEY, "")).encode()
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + str(source.info.get("parameters", "")).encode("utf-16-be")
    image = source.convert("RGB")
    while True:
        for extension, options in (("webp", {"quality": 95}), ("webp", {"quality": 85}), ("jpg", {"quality": 80})):
            file = io.BytesIO()
            image.save(file, "JPEG" if extension == "jpg" else "WEBP", xmp=xmp, exif=exif, **options)
            if file.tell() <= limit or min(image.size) <= SMALLEST:
                return file.getvalue(), extension
        image = image.resize((round(image.width * SHRINK), round(image.height * SHRINK)), Image.Resampling.LANCZOS)
