"""What the buttons under a picture cost, in images of the member's day. Pure."""

from dataclasses import dataclass

from bot.requests.builder import can
from bot.store import JobRow
from bot.text.translate import Speaker
from generation import Catalogue, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The cost of one image each; None if no model that is offered does it."""

    #: made again, or with another prompt
    again: int = 1
    refine: int = 1
    enlarge: int = 1
    edit: int | None = None


def costs_of(catalogue: Catalogue, job: JobRow) -> Costs:
    """The prices for what can be done with a job's pictures."""
    model = job.request.model
    own = catalogue.get(model).cost if any(spec.id == model for spec in catalogue.models) else 1
    return Costs(
        again=own,
        refine=own if can(catalogue, model, Task.IMG2IMG) else _of_first(catalogue, Task.IMG2IMG) or 1,
        enlarge=_of_first(catalogue, Task.UPSCALE) or 1,
        edit=_of_first(catalogue, Task.EDIT),
    )


def _of_first(catalogue: Catalogue, task: Task) -> int | None:
    """The cost of the model that does a task if none is chosen."""
    return next((spec.cost for spec in catalogue.models if task in spec.tasks), None)


def with_cost(say: Speaker, label: str, cost: int) -> str:
    """The label, with the cost if that is not one image."""
    return label if cost == 1 else say("{label} (costs {count})", label=label, count=cost)
