"""The nearest sizes that a model can make."""

from ..types import ModelSpec


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
