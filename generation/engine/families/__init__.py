"""What differs between families of models: the pipeline for a task, and its arguments."""

from ...errors import ModelError
from ...types import ModelSpec
from .family import Call, Family
from .flux_kontext import FluxKontext
from .stable_diffusion import StableDiffusion

__all__ = ["Call", "Family", "family_of"]

FAMILIES: dict[str, Family] = {"stable_diffusion": StableDiffusion(), "flux_kontext": FluxKontext()}


def family_of(spec: ModelSpec) -> Family:
    """The family of a model. Raises ModelError where this version knows none of that name."""
    if spec.family not in FAMILIES:
        raise ModelError("{model} cannot be loaded just now; choose another model.", model=spec.title)
    return FAMILIES[spec.family]
