"""Which models run on a card, and how: from the catalogue's figures, in the way in which the loader counts.

Weights of 8 or 4 bits take half or a quarter of the space of 16; what a step and decoding need beside the weights stays
as it is. Of an offloaded model only the largest part lies on the card, which is some two thirds of the weights.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from generation import Catalogue, LoraSpec, ModelSpec

CARDS = (8, 12, 16, 24, 48, 80, 141)  # GB, as they are sold
RESERVED = 0.6  # GiB that the driver keeps of a card
LARGEST_PART = 0.67  # of a model's weights
STEP_WORK = 1.0  # GiB of a step while modules come one by one, as the loader counts it
QUANTISABLE = 6.0  # GiB of weights, from which it pays to pack them
GIB_PER_GB = 1e9 / 2**30

#: what is good at each task, the best first; those that may not be used commercially are marked where they are shown
PREFERRED = (
    "flux2-dev", "qwen-image-2512", "flux2-klein-9b", "flux-dev", "chroma-hd", "z-image-turbo", "flux2-klein-4b",
    "flux-schnell", "sd35-medium", "sdxl-realvis-5", "sdxl-animagine-4", "sdxl", "sdxl-dreamshaper-lightning",
    "sdxl-vega", "sd15-dreamshaper-8", "sd15", "qwen-image-edit-2511", "flux-kontext", "instruct-pix2pix",
    "sdxl-inpainting", "sd15-inpainting", "realesr-animevideov3",
)  # fmt: skip


class Way(IntEnum):
    """How a model runs on a card, the best first."""

    WHOLE = 0
    EIGHT_BITS = 1
    FOUR_BITS = 2
    OFFLOADED = 3
    GROUPS = 4
    UNKNOWN = 5


WORDS = {
    Way.WHOLE: "whole",
    Way.EIGHT_BITS: "with 8 bits",
    Way.FOUR_BITS: "with 4 bits",
    Way.OFFLOADED: "offloaded: parts wait in the machine's memory, slower",
    Way.GROUPS: "offloaded in groups of layers, very slow",
    Way.UNKNOWN: "not known: the catalogue has no figures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model and how it runs."""

    spec: ModelSpec
    way: Way


def way(spec: ModelSpec, free: float) -> Way:
    """How the model runs in this many GiB of a card."""
    if spec.memory is None:
        return Way.UNKNOWN
    if spec.memory <= free:
        return Way.WHOLE
    weights = min(spec.memory - STEP_WORK, (spec.weights or spec.memory) * GIB_PER_GB)
    work = spec.memory - weights
    if weights >= QUANTISABLE and weights / 2 + work <= free:
        return Way.EIGHT_BITS
    if weights >= QUANTISABLE and weights / 4 + work <= free:
        return Way.FOUR_BITS
    return Way.OFFLOADED if weights * LARGEST_PART + STEP_WORK <= free else Way.GROUPS


def recommended(catalogue: Catalogue, free: float, host: float) -> list[Choice]:
    """The preferred models that run well in ``free`` GiB of a card, or offloaded if the host has the memory for it."""
    known = {spec.id: spec for spec in catalogue.models}
    found = [Choice(spec=known[name], way=way(known[name], free)) for name in PREFERRED if name in known]
    return [each for each in found if each.way < Way.OFFLOADED or (each.way is Way.OFFLOADED and _held(each, host))]


def first_choices(choices: Sequence[Choice]) -> list[ModelSpec]:
    """What a first configuration offers: for each task the best that runs whole, with what may be used commercially."""
    chosen: dict[str, ModelSpec] = {}
    left = {task for each in choices for task in each.spec.tasks}
    for each in choices:
        if each.way is Way.WHOLE and each.spec.tasks & left and each.spec.commercial and not is_gated(each.spec):
            chosen[each.spec.id] = each.spec
            left -= each.spec.tasks
    return list(chosen.values())


def is_gated(spec: ModelSpec | LoraSpec) -> bool:
    """Whether the hub gives it only to accounts that accepted its terms, as far as the catalogue says."""
    return bool(getattr(spec, "gated", None))


def usable(card: float) -> float:
    """GiB for models on a card of this many GB, as they are sold."""
    return card - RESERVED


def table(catalogue: Catalogue) -> str:
    """What runs on which card, as a table of Markdown."""
    head = ["| Model | Disk, GB | Commercial use |", "|---|---|---|"]
    head[0] += "".join(f" {card} GB |" for card in CARDS)
    head[1] += "---|" * len(CARDS)
    short = {Way.WHOLE: "whole", Way.EIGHT_BITS: "8 bits", Way.FOUR_BITS: "4 bits", Way.OFFLOADED: "offloaded"}
    rows = []
    for name in PREFERRED:
        spec = catalogue.get(name)
        ways = [short.get(way(spec, usable(card)), "–") for card in CARDS]
        gated = " (gated)" if is_gated(spec) else ""
        cells = [f"`{name}`{gated}", f"{spec.weights:g}" if spec.weights else "unknown", commercial(spec), *ways]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*head, *rows, _counts(catalogue.models)])


def commercial(spec: ModelSpec) -> str:
    """Whether the licence allows commercial use."""
    return {True: "yes", False: "no"}.get(spec.commercial, "not known")  # type: ignore[arg-type]


def _counts(models: Iterable[ModelSpec]) -> str:
    specs = list(models)
    whole = [sum(way(spec, usable(card)) is Way.WHOLE for spec in specs) for card in CARDS]
    return f"| all {len(specs)} of the catalogue: how many run whole | | | {' | '.join(map(str, whole))} |"


def _held(choice: Choice, host: float) -> bool:
    """Whether the machine's memory holds a model that is offloaded."""
    return (choice.spec.memory or 0) <= host
