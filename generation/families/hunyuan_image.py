"""HunyuanImage 2.1, base and distilled."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family, rebuilt


class HunyuanImage(Family):
    """Its guiders are components of the pipeline: they hold the guidance scale, and state during a call."""

    pipelines: ClassVar = {Task.TXT2IMG: "HunyuanImagePipeline"}
    precisions = NO_FP16
    guidance = "distilled_guidance_scale"  # used only by the distilled model

    @override
    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        guiders = {
            name: guider.new(guidance_scale=call.request.guidance_scale)
            for name in ("guider", "ocr_guider")
            if (guider := getattr(loaded, name)) is not None
        }
        return rebuilt(loaded, type(loaded), scheduler=scheduler, **guiders)
