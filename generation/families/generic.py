"""Every other pipeline of diffusers whose arguments have the usual names."""

import inspect
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from ..errors import ModelError
from ..types import Task
from .family import Call, Family

#: diffusers' tables from a checkpoint's class to the class for a task
TABLES = {
    Task.IMG2IMG: "AUTO_IMAGE2IMAGE_PIPELINES_MAPPING",
    Task.EDIT: "AUTO_IMAGE2IMAGE_PIPELINES_MAPPING",
    Task.INPAINT: "AUTO_INPAINT_PIPELINES_MAPPING",
}


class Generic(Family):
    """The checkpoint's own pipeline, or the one that diffusers knows for the task; without previews."""

    joins = False  # no test shows that joined pictures stay the same
    pipelines = dict.fromkeys((Task.TXT2IMG, *TABLES), "")
    latents = None

    @override
    def pipeline_class(self, loaded: Any, task: Task) -> Callable[..., Any]:
        own = type(loaded)
        if task is Task.TXT2IMG:
            return own
        from diffusers.pipelines import auto_pipeline  # only in the worker's child

        table = getattr(auto_pipeline, TABLES[task])
        found: Callable[..., Any] | None = auto_pipeline._get_task_class(
            table, own.__name__, throw_error_if_not_exist=False
        )
        if found is None and {"image", "strength"} <= _parameters(own) | ({"strength"} if task is Task.EDIT else set()):
            found = own
        if found is None:
            raise ModelError("The model failed on this request; try other settings or another model.")
        return found

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        known = _parameters(type(pipeline))
        arguments = super().arguments(pipeline, call)
        if "true_cfg_scale" in known:
            arguments["true_cfg_scale"] = call.request.guidance_scale
        return {name: value for name, value in arguments.items() if name in known}


def _parameters(pipeline_class: Any) -> set[str]:
    return set(inspect.signature(pipeline_class.__call__).parameters)
