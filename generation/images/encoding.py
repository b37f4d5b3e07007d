"""Made pictures as PNG, with their parameters and what kind of picture they are."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..types import Request

#: IPTC's vocabulary http://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="{source_type}"/>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
XMP_KEY = "XML:com.adobe.xmp"

FAST_PNG = 1  # zlib's level: a quarter of the time of the usual 6, for files about a tenth larger


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
