"""What is known of how a picture was made, and values of any type read as what they should be."""

from dataclasses import dataclass
from typing import Any

MAX_FOREIGN_SEED = 2**64 - 1  # others' seeds have up to 64 bits; ours 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What was found; None or empty if the picture does not say."""

    #: who wrote it
    tool: str
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    #: as it stands there, 0 to MAX_FOREIGN_SEED; only one up to MAX_SEED can be used here
    seed: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    strength: float | None = None


def a_text(value: Any) -> str:
    """A text as it is; empty for anything else."""
    return value.strip() if isinstance(value, str) else ""


def a_number(value: Any) -> float | None:
    """A finite number, from a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def a_count(value: Any) -> int | None:
    """A whole number of at least 0; None for anything else."""
    number = a_number(value)
    return int(number) if number is not None and number >= 0 else None


def a_seed(value: Any) -> int | None:
    """A seed, exactly as it stands, also if it was written as 5.0. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = int(str(value).strip().removesuffix(".0")[:20])
    except ValueError:
        return None
    return number if 0 <= number <= MAX_FOREIGN_SEED else None
