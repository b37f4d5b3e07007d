"""Runs pictures on one device: stock diffusers pipelines, one batch at a time."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic

import diffusers
import torch
import transformers
from PIL import Image, ImageOps

from ..errors import GenerationError
from ..images import encode_png, read_kept
from ..types import (
    Cancelled,
    Event,
    Failed,
    Finished,
    LoraSpec,
    ModelSpec,
    Picture,
    Preview,
    Progress,
    Request,
    Started,
    Task,
)
from .adapters import adapted
from .families import Call, family_of
from .inpaint import Keeper, merge
from .models import Models, free_memory
from .schedulers import Estimate, make_scheduler
from .upscale import Stop, Upscaler

log = logging.getLogger(__name__)

PREVIEW_EVERY = 0.25  # seconds between two previews of a batch

ENLARGE_FIRST = 2  # times, for inputs that are to be enlarged before they are worked on
ENLARGER = "realesr-animevideov3"  # weights for models that make less than they deliver

Emit = Callable[[Event], None]


def quiet_libraries() -> None:
    """Keep the libraries' progress bars and advice out of the operator's log."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


class _AllCancelledError(Exception):
    """Thrown out of a pipeline's callback: nobody waits for this batch any more."""


class Engine:
    """One device, its models and the upscaler."""

    def __init__(self, specs: Mapping[str, ModelSpec], device: str, threads: int, budget: float) -> None:
        torch.set_num_threads(threads)
        self._specs = specs
        self._device = device
        self._models = Models(device, budget)
        self._threads = threads
        self._upscalers: dict[str, Upscaler] = {}

    def warm_up(self) -> None:
        """Load the model that is asked for most, so that the first member does not wait for it."""
        for spec in self._specs.values():
            if Task.TXT2IMG in spec.tasks:
                try:
                    self._models.get(spec)
                except Exception:
                    # Whoever asks for it is told; the other models work all the same.
                    log.exception("%s could not be loaded ahead", spec.id)
                return

    def resident(self) -> frozenset[str]:
        """Ids of the models that are loaded."""
        return self._models.resident()

    def run(self, pictures: Sequence[Picture], emit: Emit, cancelled: Callable[[str], bool]) -> None:
        """Make pictures that differ in prompt, seed and input alone; emits exactly one terminal event for each.

        Where memory runs out the batch is halved and tried again.
        """
        for picture in pictures:
            emit(Started(picture_id=picture.id, attempt=picture.attempt))
        self._run(_Batch(pictures, emit, cancelled, began=monotonic()))

    def _run(self, batch: "_Batch") -> None:
        if self._fits(batch):
            return
        # Not while the exception is handled: until then its frames hold the very tensors that did not fit.
        free_memory()
        if len(batch.left()) <= 1:
            batch.fail("The picture does not fit into the memory here; ask for a smaller size.", {})
            return
        for half in batch.halves():
            self._run(half)

    def _fits(self, batch: "_Batch") -> bool:
        """Make a batch; False where memory ran out."""
        try:
            self._make(batch)
        except _AllCancelledError:
            batch.drop_cancelled()
        except GenerationError as error:
            batch.fail(error.template, dict(error.params))
        except Exception as error:
            if _is_out_of_memory(error):
                return False
            log.exception("pictures %s failed", [picture.id for picture in batch.pictures])
            batch.fail("The model stumbled over this request; try other settings or another model.", {})
        return True

    def _make(self, batch: "_Batch") -> None:
        request = batch.pictures[0].request
        spec = self._specs[request.model]
        if request.task is Task.UPSCALE:
            self._upscale(batch, spec)
            return
        model, family, call = self._models.get(spec), family_of(spec), self._call(spec, batch.pictures)
        if len(call.pictures) > 1 and not family.together:
            for picture in batch.left():
                self._make(batch.part([picture]))
            return
        scheduler = make_scheduler(request.scheduler, model.pipeline.scheduler.config)
        # A pipeline object of its own for each call: they keep state on themselves; the modules are shared.
        pipeline = family.pipeline(model.pipeline, call, scheduler)
        pipeline.set_progress_bar_config(disable=True)
        self._models.prompts.watch(pipeline, (spec.id, request.loras))
        of, colours = family.steps(request), model.colours

        def on_step(step: int) -> None:
            jpeg = (lambda place: colours.jpeg(estimate.latents[place], call.size)) if colours else None
            batch.on_step(min(step, of), of, jpeg)

        estimate = Estimate(scheduler, on_step)
        with torch.inference_mode():
            if family.latents and family.keeps(model.pipeline, request.task):
                kept = call.first_inputs(), call.masks()
                estimate.keeper = Keeper(model.pipeline.vae, scheduler, *kept, family.latents)
            with adapted(model, _loras(spec, request)):
                images = family.images(pipeline(**family.arguments(pipeline, call)), call)
        for picture, image in zip(batch.pictures, images, strict=True):
            batch.finish(picture, partial(self._last, picture.request, image, spec.enlarge))

    def _last(self, request: Request, image: Image.Image, factor: int, stop: Stop) -> Image.Image | None:
        """What is done after the pipeline: enlarging, and putting the kept part of the source back as it was."""
        larger = self._enlarge(image, factor, ENLARGER, stop)
        if larger is None or request.task is not Task.INPAINT:
            return larger
        return merge(larger, *(read_kept(path.read_bytes(), larger.size) for path in request.images))

    def _call(self, spec: ModelSpec, pictures: Sequence[Picture]) -> Call:
        request, family = pictures[0].request, family_of(spec)
        size = request.width // spec.enlarge, request.height // spec.enlarge
        fit = size if family.fits_inputs or request.task is Task.INPAINT else None
        inputs = [
            [self._input(path, fit, enlarge_first=request.enlarge_first) for path in picture.request.images]
            for picture in pictures
        ]
        return Call(pictures, size, inputs)

    def _input(self, path: Path, size: tuple[int, int] | None, *, enlarge_first: bool) -> Image.Image:
        """A picture that a request starts from, at the size it is worked on; its own where none is given."""
        if not enlarge_first:
            return read_kept(path.read_bytes(), size)
        source = read_kept(path.read_bytes())
        larger = self._enlarge(source, ENLARGE_FIRST, ENLARGER, lambda: False) or source
        return ImageOps.fit(larger, size, Image.Resampling.LANCZOS) if size else larger

    def _upscale(self, batch: "_Batch", spec: ModelSpec) -> None:
        for picture in batch.pictures:
            image = read_kept(picture.request.images[0].read_bytes())
            factor = picture.request.width // image.width
            batch.finish(picture, partial(self._enlarge, image, factor, spec.source))

    def _enlarge(self, image: Image.Image, factor: int, weights: str, stop: Stop) -> Image.Image | None:
        if factor == 1:
            return image
        upscaler = self._upscalers.setdefault(weights, Upscaler(weights, self._threads))
        return upscaler.enlarge(image, factor, stop)


def _loras(spec: ModelSpec, request: Request) -> list[tuple[LoraSpec, float]]:
    known = {lora.id: lora for lora in spec.loras}
    return [(known[lora_id], weight) for lora_id, weight in request.loras]


def _is_out_of_memory(error: Exception) -> bool:
    # On a CPU torch says it with a plain RuntimeError, from c10/core/impl/alloc_cpu.cpp.
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


class _Batch:
    """The pictures of one call, and what was said of each."""

    def __init__(self, pictures: Sequence[Picture], emit: Emit, cancelled: Callable[[str], bool], began: float) -> None:
        self.pictures = pictures
        self._emit = emit
        self._cancelled = cancelled
        self._ended: set[str] = set()
        self._began = began
        self._previewed = monotonic()

    def left(self) -> list[Picture]:
        """The pictures that have not ended."""
        return [picture for picture in self.pictures if picture.id not in self._ended]

    def halves(self) -> "list[_Batch]":
        """Two batches of the pictures that have not ended."""
        left = self.left()
        half = len(left) // 2
        return [self.part(part) for part in (left[:half], left[half:])]

    def part(self, pictures: Sequence[Picture]) -> "_Batch":
        """A batch of some of the pictures."""
        return _Batch(pictures, self._emit, self._cancelled, self._began)

    def on_step(self, step: int, of: int, jpeg: Callable[[int], bytes] | None) -> None:
        """Say how far the batch is, with previews now and then. Raises where nobody waits any more."""
        self.drop_cancelled()
        if not self.left():
            raise _AllCancelledError
        preview = jpeg if monotonic() - self._previewed >= PREVIEW_EVERY else None
        for place, picture in enumerate(self.pictures):
            if picture.id in self._ended:
                continue
            self._emit(Progress(picture_id=picture.id, attempt=picture.attempt, step=step, of=of))
            if preview:
                self._emit(Preview(picture_id=picture.id, attempt=picture.attempt, jpeg=preview(place)))
        if preview:
            self._previewed = monotonic()

    def finish(self, picture: Picture, make: Callable[[Stop], Image.Image | None]) -> None:
        """Make the last of the picture, unless it was cancelled before or while that was done."""
        if picture.id in self._ended:
            return
        image = make(lambda: self._cancelled(picture.id))
        if image is None or self._cancelled(picture.id):
            self.drop_cancelled()
            return
        self._end(
            Finished(
                picture_id=picture.id,
                attempt=picture.attempt,
                png=encode_png(image, picture.request),
                seed=picture.request.seed,
                seconds=monotonic() - self._began,
            )
        )

    def fail(self, template: str, params: dict[str, str | int | float]) -> None:
        """Say of all that have not ended that they failed."""
        for picture in self.left():
            self._end(Failed(picture_id=picture.id, attempt=picture.attempt, template=template, params=params))

    def drop_cancelled(self) -> None:
        """End the pictures that were cancelled."""
        for picture in self.left():
            if self._cancelled(picture.id):
                self._end(Cancelled(picture_id=picture.id, attempt=picture.attempt))

    def _end(self, event: Event) -> None:
        self._ended.add(event.picture_id)
        self._emit(event)
