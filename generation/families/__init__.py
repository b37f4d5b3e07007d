"""What differs between families of models: the pipeline for a task, and its arguments. Loads no torch."""

from ..errors import ModelError
from ..types import ModelSpec, Precision
from .aura_flow import AuraFlow
from .bria_fibo import BriaFibo
from .chroma import Chroma
from .cogview4 import CogView4
from .dreamlite import DreamLite
from .ernie_image import ErnieImage
from .family import Call, Family
from .flux import Flux
from .flux2 import Flux2
from .flux2_klein import Flux2Klein
from .flux2_klein_kv import Flux2KleinKv
from .flux_kontext import FluxKontext
from .generic import Generic
from .glm_image import GlmImage
from .hidream_image import HiDreamImage
from .hunyuan_image import HunyuanImage
from .ideogram4 import Ideogram4
from .instruct_pix2pix import InstructPix2Pix
from .joyimage_edit import JoyImageEdit
from .joyimage_edit_plus import JoyImageEditPlus
from .kandinsky5 import Kandinsky5
from .krea2 import Krea2
from .longcat_image import LongCatImage
from .longcat_image_edit import LongCatImageEdit
from .lumina2 import Lumina2
from .nucleus_image import NucleusImage
from .omnigen import OmniGen
from .ovis_image import OvisImage
from .pixart import PixArt
from .prx import Prx
from .prx_pixel import PrxPixel
from .qwen_image import QwenImage
from .qwen_image_21 import QwenImage21
from .qwen_image_edit import QwenImageEdit
from .qwen_image_edit_plus import QwenImageEditPlus
from .sana import Sana
from .sana_sprint import SanaSprint
from .stable_diffusion import StableDiffusion
from .stable_diffusion_3 import StableDiffusion3
from .stable_diffusion_xl import StableDiffusionXL
from .z_image import ZImage

__all__ = ["FAMILIES", "Call", "Family", "family_of", "negative_above", "wrong_precision"]

#: by the name that the catalogue gives
FAMILIES: dict[str, Family] = {
    "stable_diffusion": StableDiffusion(),
    "stable_diffusion_xl": StableDiffusionXL(),
    "stable_diffusion_3": StableDiffusion3(),
    "flux": Flux(),
    "flux_kontext": FluxKontext(),
    "flux2": Flux2(),
    "flux2_klein": Flux2Klein(),
    "flux2_klein_kv": Flux2KleinKv(),
    "qwen_image": QwenImage(),
    "qwen_image_edit": QwenImageEdit(),
    "qwen_image_edit_plus": QwenImageEditPlus(),
    "z_image": ZImage(),
    "chroma": Chroma(),
    "sana": Sana(),
    "sana_sprint": SanaSprint(),
    "pixart": PixArt(),
    "lumina2": Lumina2(),
    "hunyuan_image": HunyuanImage(),
    "kandinsky5": Kandinsky5(),
    "cogview4": CogView4(),
    "aura_flow": AuraFlow(),
    "instruct_pix2pix": InstructPix2Pix(),
    "krea2": Krea2(),
    "ernie_image": ErnieImage(),
    "ovis_image": OvisImage(),
    "longcat_image": LongCatImage(),
    "longcat_image_edit": LongCatImageEdit(),
    "qwen_image_21": QwenImage21(),
    "hidream_image": HiDreamImage(),
    "bria_fibo": BriaFibo(),
    "ideogram4": Ideogram4(),
    "joyimage_edit": JoyImageEdit(),
    "joyimage_edit_plus": JoyImageEditPlus(),
    "glm_image": GlmImage(),
    "omnigen": OmniGen(),
    "nucleus_image": NucleusImage(),
    "dreamlite": DreamLite(),
    "prx": Prx(),
    "prx_pixel": PrxPixel(),
    "generic": Generic(),
}


def family_of(spec: ModelSpec) -> Family:
    """Return the family of a model. Raises ModelError if this version does not know it."""
    if spec.family not in FAMILIES:
        raise ModelError("{model} cannot be loaded right now; choose another model.", model=spec.title)
    return FAMILIES[spec.family]


def wrong_precision(family: str, precision: Precision | None) -> str:
    """Say which precisions models of a family run in, if this is none of them; else empty."""
    able = FAMILIES[family].precisions if family in FAMILIES else tuple(Precision)
    if precision is None or precision in able:
        return ""
    return (
        f"must be {' or '.join(able)}, not {precision}, in which numbers of {family} overflow: pictures would be black"
    )


def negative_above(family: str) -> float:
    """Return the guidance scale above which models of a family read the negative prompt."""
    return FAMILIES.get(family, FAMILIES["generic"]).negative_above
