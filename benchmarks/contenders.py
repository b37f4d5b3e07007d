"""Contenders of the batching benchmark: the stock pipelines, one or several requests per call, and the engine."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from time import process_time
from typing import Any

from generation import Event, Finished, ModelSpec, Picture, Request


class Bare:
    """The stock pipelines with nothing around them but encoding; up to ``most`` alike requests per call."""

    def __init__(self, spec: ModelSpec, most: int, *, onnx: bool = False) -> None:
        import diffusers
        import torch

        from generation.engine.onnx_unet import use_onnx

        self._most = most
        self._txt2img = diffusers.StableDiffusionPipeline.from_pretrained(spec.source, dtype=torch.float32)
        self._img2img = diffusers.StableDiffusionImg2ImgPipeline(
            **self._txt2img.components, requires_safety_checker=False
        )
        for pipeline in (self._txt2img, self._img2img):
            pipeline.set_progress_bar_config(disable=True)
        if onnx:
            use_onnx(self._txt2img)

    def work(self, waiting: deque[Picture]) -> list[str] | None:
        """Make one call's pictures of those waiting; return their ids, None if none waits."""
        if not waiting:
            return None
        first = _like(waiting[0])
        batch = [picture for picture in waiting if _like(picture) == first][: self._most]
        for picture in batch:
            waiting.remove(picture)
        self.make(batch)
        return [picture.id for picture in batch]

    def make(self, batch: Sequence[Picture]) -> list[bytes]:
        """Make pictures that differ only in prompt, seed and input; return their PNGs."""
        import torch

        from generation.engine.schedulers import make_scheduler
        from generation.images import encode_png, read_kept

        request = batch[0].request
        pipeline = self._img2img if request.images else self._txt2img
        pipeline.scheduler = make_scheduler(request.scheduler, self._txt2img.scheduler.config)
        arguments: dict[str, Any] = {"width": request.width, "height": request.height}
        if request.images:
            images = [read_kept(picture.request.images[0].read_bytes(), (128, 128)) for picture in batch]
            arguments = {"image": images, "strength": request.strength}
        with torch.inference_mode():
            made = pipeline(
                [picture.request.prompt for picture in batch],
                negative_prompt=[picture.request.negative_prompt for picture in batch],
                num_inference_steps=request.num_inference_steps, guidance_scale=request.guidance_scale,
                generator=[torch.Generator().manual_seed(picture.request.seed) for picture in batch], **arguments,
            ).images  # fmt: skip
        return [encode_png(image, picture.request) for image, picture in zip(made, batch, strict=True)]


class Ours:
    """The engine; accepts pictures while it has room, as a worker does."""

    def __init__(self, spec: ModelSpec, *, onnx: bool = False, joining: bool = True, remembering: bool = True) -> None:
        from generation.engine.engine import Engine
        from generation.engine.prompt_cache import Prompts

        self.engine = Engine({spec.id: spec}, "cpu", 1, 8.0, clock=process_time, onnx=onnx)
        if not joining:
            profile: Any = self.engine._profile
            profile.rows = lambda _: 1
        if not remembering:
            self.engine._models.prompts = Prompts(budget=0)
        self.engine.warm_up()
        self._held: set[str] = set()
        self._done: list[str] = []

    def emit(self, event: Event) -> None:
        """Note finished pictures."""
        if isinstance(event, Finished):
            self._done.append(event.picture_id)

    def work(self, waiting: deque[Picture]) -> list[str] | None:
        """Take what fits and run one step; return the ids of finished pictures, None if there is nothing to do."""
        while waiting and len(self._held) < self.engine.capacity():
            self._held.add(waiting[0].id)
            self.engine.submit(waiting.popleft(), self.emit)
        if not self._held:
            return None
        self.engine.step()
        done, self._done = self._done, []
        self._held -= set(done)
        return done


def _like(picture: Picture) -> Request:
    """The part of a request that all requests of one call share."""
    return replace(picture.request, prompt="", negative_prompt="", seed=0, images=picture.request.images[:0])
