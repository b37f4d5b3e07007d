"""What the buttons under a picture cost, in images of the member's day. Pure."""

from dataclasses import dataclass

from bot.requests.offered_models import can
from bot.store import JobRow
from bot.text.translate import Speaker
from generation import Catalogue, RequestError, Task, images

ENLARGE = 4  # times larger, by the button
LARGEST = 4096  # pixels of a side that an enlarged picture may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cost of one image each; None if no model that is offered does it."""

    #: made again, or with another prompt
    again: int = 1
    refine: int = 1
    #: None also if the picture is too large for it
    enlarge: int | None = 1
    edit: int | None = None
    #: enlarging and refining; None if the model would not make it larger
    polish: int | None = 1
    #: the size that refining makes, if that is smaller than the picture
    smaller: tuple[int, int] | None = None


def costs_of(catalogue: Catalogue, job: JobRow) -> Costs:
    """The prices for what can be done with a job's pictures."""
    model = job.request.model
    own = catalogue.get(model).cost if any(spec.id == model for spec in catalogue.models) else 1
    refine = own if can(catalogue, model, Task.IMG2IMG) else _of_first(catalogue, Task.IMG2IMG) or 1
    refined, polished = _refined(catalogue, job)
    request = job.request
    return Costs(
        again=own,
        refine=refine,
        enlarge=_of_first(catalogue, Task.UPSCALE) if max(request.width, request.height) * ENLARGE <= LARGEST else None,
        edit=_of_first(catalogue, Task.EDIT),
        polish=refine if max(polished) > max(request.width, request.height) else None,
        smaller=refined if max(refined) < max(request.width, request.height) else None,
    )


def _refined(catalogue: Catalogue, job: JobRow) -> tuple[tuple[int, int], tuple[int, int]]:
    """The sizes in pixels that refining a job's pictures makes, and enlarging and refining them."""
    request = job.request
    size = request.width, request.height
    if not min(size):
        return size, (1, 1)  # nobody knows
    try:
        same = can(catalogue, request.model, Task.IMG2IMG)
        spec = catalogue.get(request.model) if same else catalogue.first(Task.IMG2IMG)
    except RequestError:
        return size, size
    refined = images.fit_source(*size, spec)
    return refined, images.fit_size(2 * refined[0], 2 * refined[1], spec)


def _of_first(catalogue: Catalogue, task: Task) -> int | None:
    """The cost of the model that does a task if none is chosen."""
    return next((spec.cost for spec in catalogue.models if task in spec.tasks), None)


def with_cost(say: Speaker, label: str, cost: int) -> str:
    """The label, with the cost if that is not one image."""
    return label if cost == 1 else say("{label} (costs {count})", label=label, count=cost)
