"""Makes one picture: from its inputs through the stock pipeline of its family to the PNG."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import greenlet
import torch
from PIL import Image, ImageOps

from ..batch_profile import Profile
from ..errors import ModelError, RequestError
from ..families import Call, Family, family_of
from ..images import encode_png, read_kept
from ..model_file import DENOISERS
from ..prompt_syntax import changes, settled, without_syntax
from ..types import ModelSpec, Picture, Task
from .adapters import adapted, inversions
from .device import Device
from .host_work import Background, Pause
from .inpaint import InpaintBlender, merge
from .loaded_models import LoadedModel, Models
from .loading import loading_errors
from .picture_run import Run
from .schedulers import StepObserver, make_scheduler
from .step_batcher import StepBatcher
from .truncation import sequence_length, truncated_end
from .upscale import OWN_WEIGHTS, Upscaler, tiles_of, weights_of
from .weighted_prompts import encoded

log = logging.getLogger(__name__)

ENLARGE_FIRST = 2  # times, for inputs that are to be enlarged first


class PictureMaker:
    """Makes the engine's pictures, each in a greenlet of the batcher; its methods wait within it."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        device: Device,
        models: Models,
        batcher: StepBatcher,
        background: Background,
        profile: Profile,
    ) -> None:
        self._specs = specs
        self._device = device
        self._models = models
        self._batcher = batcher
        self._background = background
        self._profile = profile
        self._upscalers: dict[Path, Upscaler] = {}
        self._loading = Lock()
        #: what removes the LoRAs again, and whose they are: model and LoRAs
        self._adapters = ExitStack()
        self._active_adapters: tuple[str, tuple[tuple[str, float], ...]] | None = None

    def remove_adapters(self) -> None:
        """Remove the LoRAs from their model; nothing may be in flight."""
        self._adapters.close()
        self._active_adapters = None

    def make(self, run: Run) -> bytes:
        """Return the picture as PNG. Waits within it; raises RunCancelled if it is stopped."""
        request = run.picture.request
        spec = self._specs[request.model]
        if request.task is Task.UPSCALE:
            return self._background.run(partial(self._upscaled, run, spec))
        model, family = self._load(spec), family_of(spec)
        call = self._call(run, spec, self._readable(run, family, spec))
        member = self._batcher.members[run.picture.id]
        member.kind = replace(member.kind, precision=model.precision)
        if model.able is not None and request.task not in model.able:
            log.error("%s: its weights can do %s only; say so in tasks", spec.id, ", ".join(sorted(model.able)))
            raise RequestError(
                "{model} was not made for {task}; choose another model.", model=spec.title, task=request.task.value
            )
        self._apply_adapters(model, run)
        self._watch(model)
        scheduler = make_scheduler(request.scheduler, model.pipeline.scheduler.config)
        # A new pipeline object for each call: they keep state on themselves; the modules are shared.
        pipeline = family.pipeline(model.pipeline, call, scheduler)
        pipeline.set_progress_bar_config(disable=True)
        self._models.prompts.watch(pipeline, (spec.id, request.loras))
        if family.global_generator:
            torch.manual_seed(request.seed)
        arguments = family.arguments(pipeline, call)
        if family.weighs_prompts:
            arguments = encoded(pipeline, arguments, inversions(model, request))
        else:
            texts = (call.request.prompt, call.request.negative_prompt)
            if longer := sequence_length(pipeline, texts, family.most_tokens):
                arguments["max_sequence_length"] = longer
            most = arguments.get("max_sequence_length")
            run.note_truncation(truncated_end(pipeline, call.request.prompt, most))
            if "negative_prompt" in arguments:
                run.note_truncation(truncated_end(pipeline, call.request.negative_prompt, most), negative=True)
        self._observe_steps(run, model, scheduler, call)
        image = self._on_host(family.first_picture(pipeline(**arguments)))
        return self._background.run(partial(self._encoded, run, image, call.size, spec.enlarge))

    def _readable(self, run: Run, family: Family, spec: ModelSpec) -> Picture:
        """Return the picture, without the syntax for weights in its prompts if its family does not know that."""
        request = run.picture.request
        words = {name: getattr(request, name) for name in ("prompt", "negative_prompt")}
        if any(changes(text) for text in words.values()):
            run.note("Prompts do not change in mid-run here; of words that would, those for most of the run are read.")
        if family.weighs_prompts:
            return run.picture
        plain: dict[str, Any] = {name: without_syntax(text) for name, text in words.items() if text}
        if any(settled(words[name]) != text for name, text in plain.items()):
            run.note("{model} does not support weights in prompts; it reads the words without them.", model=spec.title)
        return replace(run.picture, request=replace(request, **plain))

    def _load(self, spec: ModelSpec) -> LoadedModel:
        """Return the loaded model."""
        departures = self._models.departures
        busy = {member.kind.model for member in self._batcher.members.values()}
        # In a greenlet that the batcher does not know: it must not wait for others in the middle of loading.
        model: LoadedModel = greenlet.greenlet(self._models.get).switch(spec, busy)
        if self._models.departures != departures:
            self._profile.memory_freed()
        return model

    def _watch(self, model: LoadedModel) -> None:
        """Have the batcher watch the model's modules, last of all: putting LoRAs on removes hooks and what is under."""
        for name, module in model.pipeline.components.items():
            if isinstance(module, torch.nn.Module):
                methods = ("encode", "decode") if hasattr(module, "decode") else ("forward",)
                for method in methods:
                    self._batcher.watch(module, method, joins=name in DENOISERS)

    def _apply_adapters(self, model: LoadedModel, run: Run) -> None:
        """Apply the LoRAs that the request asks for; they are those of everything in flight, see Engine._may_begin."""
        request = run.picture.request
        active = request.model, request.loras
        if request.loras and active != self._active_adapters:
            for said in self._adapters.enter_context(adapted(model, request.loras)):
                run.note(said.template, **said.params)
            self._active_adapters = active

    def _observe_steps(self, run: Run, model: LoadedModel, scheduler: Any, call: Call) -> None:
        """Have the run notified of each step of its scheduler, with a preview."""
        family, colours = family_of(model.spec), model.colours
        of = family.steps(call.request)

        def on_step(step: int) -> None:
            project = (lambda: colours.project(observer.latents[0], call.size)) if colours else None
            member = self._batcher.members[run.picture.id]
            run.on_step(min(step, of), of, project, member.take_passes())
            if step >= of:
                member.rows = 0  # others may begin while it is decoded and encoded

        observer = StepObserver(scheduler, on_step)
        if family.latents and family.needs_blending(model.pipeline, call.request.task):
            kept = call.first_inputs(), call.masks()
            observer.blender = InpaintBlender(model.pipeline.vae, scheduler, *kept, family.latents)

    def _on_host(self, picture: Any) -> Image.Image:
        """Return a pipeline's picture, (3, height, width) from 0 to 1 on the device, in the host's memory.

        Raises ModelError if it has numbers that are not finite.
        """
        if isinstance(picture, Image.Image):
            return picture
        pixels = picture.float().mul(255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        copy = self._device.to_host(pixels, picture.isfinite().all())
        self._batcher.wait_for(copy)
        pixels, finite = copy.take()
        if not finite:
            raise ModelError("The model's numbers overflowed on this request; try other settings or another model.")
        return Image.fromarray(pixels.numpy())

    def _encoded(self, run: Run, image: Image.Image, size: tuple[int, int], factor: int, pause: Pause) -> bytes:
        """Return what a pipeline made as PNG, enlarged, with the kept part of the source as it was."""
        if image.size != size:  # some pipelines choose a size themselves
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
        request = run.picture.request
        larger = self._enlarge(run, image, factor, pause)
        if request.task is Task.INPAINT:
            larger = merge(larger, *(read_kept(path.read_bytes(), larger.size) for path in request.images))
        return encode_png(larger, request)

    def _upscaled(self, run: Run, spec: ModelSpec, pause: Pause) -> bytes:
        request = run.picture.request
        with loading_errors(spec):
            weights = weights_of(spec, offline=True)
        image = read_kept(request.images[0].read_bytes())
        return encode_png(self._enlarge(run, image, request.width // image.width, pause, weights), request)

    def _call(self, run: Run, spec: ModelSpec, picture: Picture) -> Call:
        request = picture.request
        size = request.width // spec.enlarge, request.height // spec.enlarge
        fit = size if family_of(spec).resizes_inputs or request.task is Task.INPAINT else None
        if not request.images:
            return Call([picture], size, [[]], [_generator(request.seed)])

        def read(pause: Pause) -> list[Image.Image]:
            return [self._input(run, path, fit, pause) for path in request.images]

        return Call([picture], size, [self._background.run(read)], [_generator(request.seed)])

    def _input(self, run: Run, path: Path, size: tuple[int, int] | None, pause: Pause) -> Image.Image:
        """Return a picture that a request starts from, at ``size``, or its own if that is None."""
        if not run.picture.request.enlarge_first:
            return read_kept(path.read_bytes(), size)
        larger = self._enlarge(run, read_kept(path.read_bytes()), ENLARGE_FIRST, pause)
        return ImageOps.fit(larger, size, Image.Resampling.LANCZOS) if size else larger

    def _enlarge(
        self, run: Run, image: Image.Image, factor: int, pause: Pause, weights: Path = OWN_WEIGHTS
    ) -> Image.Image:
        """Return the picture enlarged; the run is told of each tile, and ``pause`` is called before it."""
        if factor == 1:
            return image
        with self._loading:  # beside a GPU several pictures are enlarged at once
            if weights not in self._upscalers:
                self._upscalers[weights] = Upscaler(weights, self._device.name)
        tiles, done = tiles_of(image), count()

        def on_tile() -> None:
            pause()
            run.on_tile(next(done), tiles)

        return self._upscalers[weights].enlarge(image, factor, on_tile)


def _generator(seed: int) -> torch.Generator:
    """Return a generator on the CPU whatever the device, so that a seed gives the same noise everywhere.

    The same noise gives the same composition on every device and in every batch. Details may differ: kernels are chosen
    by the shape of what they get, and round differently, above all in half precision.
    """
    return torch.Generator().manual_seed(seed)
