"""Runs pictures on one device: stock diffusers pipelines, side by side, joined at every step."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock
from time import monotonic, perf_counter
from typing import Any

import diffusers
import greenlet
import onnxruntime
import torch
import transformers
from PIL import Image, ImageOps

from ..batch_profile import BatchKey, Profile
from ..errors import ModelError, RequestError
from ..families import Call, Family, family_of
from ..images import encode_png, read_kept
from ..model_file import DENOISERS
from ..prompt_syntax import without_syntax
from ..types import LoraSpec, ModelSpec, Offload, Picture, Task
from .adapters import adapted, inversions
from .device import Device, open_device
from .fetching import DownloadQueue
from .host_work import Background, Pause
from .inpaint import InpaintBlender, merge
from .loaded_models import LoadedModel, Models
from .loading import ensure_downloaded, loading_errors, needs_download
from .picture_run import Emit, Run
from .preview import Previews
from .schedulers import StepObserver, make_scheduler
from .step_batcher import StepBatcher
from .truncation import sequence_length, truncated_end
from .upscale import OWN_WEIGHTS, Upscaler, tiles_of, weights_of
from .weighted_prompts import encoded

log = logging.getLogger(__name__)

GUIDED_ROWS = 2  # rows that a picture takes while that is not known: with guidance most take two

AT_ONCE = 5.0  # seconds within which a model that was downloaded before is known to be there
LOOK_EVERY = 0.1  # seconds between two looks at downloads while nothing else is to be done

ENLARGE_FIRST = 2  # times, for inputs that are to be enlarged first


def quiet_libraries() -> None:
    """Keep the libraries' progress bars and advice out of the operator's log."""
    diffusers.utils.logging.disable_progress_bar()
    # What it warns of quotes prompts, which may not be logged, and comes without a time.
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


class Engine:
    """One device, its models and the pictures in flight. All methods are called in one thread."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        device: str | Device,
        threads: int,
        budget: float,
        folder: Path | None = None,
        clock: Callable[[], float] = perf_counter,
        *,
        onnx: bool = True,
        exact: bool = False,
    ) -> None:
        """Open the device. Raises ModelError if it cannot be used.

        ``threads`` is how many torch uses on a CPU, ``budget`` the GiB of the host's memory for models, ``folder``
        keeps what is measured, ``clock`` gives the seconds that steps take on a CPU. ``onnx`` lets small models choose
        their runtime on a CPU. ``exact`` makes each picture in separate forward passes, so that the same request
        gives the same numbers whatever else is made; otherwise it gives the same composition.
        """
        torch.set_num_threads(threads)
        self._device = open_device(device, clock) if isinstance(device, str) else device
        self._specs = specs
        self._models = Models(self._device, budget, onnx=onnx, folder=folder)
        versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
        if onnx and not self._device.own_memory:
            versions += f", onnxruntime {onnxruntime.__version__}"
        self._profile = Profile(folder, self._device.title, versions)
        self._batcher = StepBatcher(self._profile, self._device, exact=exact)
        self._background = Background(self._batcher, self._device)
        self._previews = Previews(self._device, self._background.submit)
        self._upscalers: dict[Path, Upscaler] = {}
        self._loading = Lock()
        #: what cannot begin before its model's files have come
        self._downloads = DownloadQueue(ensure_downloaded)
        #: what has not begun, oldest first
        self._arrivals: deque[Run] = deque()
        #: what has begun, by the picture's id
        self._runs: dict[str, Run] = {}
        #: the kinds of what is in flight, or was last: when idle, it wants as many as it had room for then
        self._recent_kinds: set[BatchKey] = set()
        #: what removes the LoRAs again, and whose they are: model and LoRAs
        self._adapters = ExitStack()
        self._active_adapters: tuple[str, tuple[tuple[str, float], ...]] | None = None

    def warm_up(self) -> None:
        """Load the default model so that the first member need not wait for it, or begin to download it."""
        spec = next((spec for spec in self._specs.values() if Task.TXT2IMG in spec.tasks), None)
        if spec is None:
            return
        if needs_download(spec):
            self._downloads.enqueue(spec)
            self._downloads.wait(AT_ONCE)
            self._downloads.take_ready()
        if spec.id in self._downloads.models:
            return
        try:
            self._models.get(spec)
        except Exception:
            # Whoever asks for it gets a sentence; the other models work all the same.
            log.exception("%s could not be loaded ahead", spec.id)

    def resident(self) -> frozenset[str]:
        """Return the ids of the models that are loaded."""
        return self._models.resident()

    def fetching(self) -> frozenset[str]:
        """Return the ids of the models that are being downloaded; pictures of others go on meanwhile."""
        return self._downloads.models

    def loading_for(self) -> float:
        """Return the seconds for which it has only downloaded or loaded a model; else 0. Safe in any thread."""
        since = self._models.loading_since
        if since is None and not (self._arrivals or self._batcher.members):
            since = self._downloads.since
        return 0.0 if since is None else monotonic() - since

    def submit(self, picture: Picture, emit: Emit) -> None:
        """Take a picture; it begins at the next step that has room for it. One terminal event is emitted for it."""
        run, name = Run(picture, emit, self._previews), picture.request.model
        if name not in self._specs:  # it waited while the operator took the model out of the catalogue
            run.fail("The model {model} is no longer offered here; choose another model.", model=name)
        else:
            self._admit(run)

    def _admit(self, run: Run) -> None:
        """Let a picture begin once the files of its model and of its LoRAs are here."""
        request = run.picture.request
        spec, asked = self._specs[request.model], {name for name, _ in request.loras}
        needed: list[ModelSpec | LoraSpec] = [spec, *(lora for lora in spec.loras if lora.id in asked)]
        for wanted in needed:
            known = wanted.id in run.downloaded or wanted.id in self._models.in_memory()
            if needs_download(wanted) and not known:
                run.downloaded.add(wanted.id)
                self._downloads.enqueue(wanted, run)
                return
        self._arrivals.append(run)

    def cancel(self, picture_id: str) -> None:
        """Cancel a picture, before its next step; nothing happens if it has ended."""
        self._downloads.cancel(picture_id)
        for run in list(self._arrivals):
            if run.picture.id == picture_id:
                self._arrivals.remove(run)
                run.cancel()
        if picture_id in self._batcher.members:
            with torch.inference_mode():
                self._batcher.stop(picture_id)

    def step(self) -> bool:
        """Begin what can begin, and make one step of what is in flight; return whether anything is left."""
        for run in self._downloads.take_ready():
            self._admit(run)
        with torch.inference_mode():
            while self._arrivals and self._may_begin(self._arrivals[0]):
                self._begin(self._arrivals.popleft())
            self._recent_kinds = self._kinds() or self._recent_kinds
            self._batcher.step()
            self._previews.poll()
        if self._downloads.models and not (self._arrivals or self._batcher.members):
            self._downloads.wait(LOOK_EVERY)
        return bool(self._arrivals or self._batcher.members or self._downloads.models)

    def capacity(self) -> int:
        """Return how many pictures it wants to have, including those that it has."""
        return len(self._downloads) + self._places()

    def _places(self) -> int:
        """Return how many pictures it wants to have beside those whose models are being downloaded."""
        members = self._batcher.members
        held = len(self._arrivals) + len(members)
        if self._arrivals or any(self._must_run_alone(self._runs[name]) for name in members):
            return max(held, 1)
        rows = [GUIDED_ROWS if member.rows is None else member.rows for member in members.values()]
        each = max(rows, default=0) or GUIDED_ROWS
        kinds = (kind for kind in self._recent_kinds if kind.model in self.resident())
        most = min((self._profile.rows(kind) for kind in kinds), default=each)
        # Those after their last step take no rows, but time: others wait if these are more than can be worked on.
        if rows.count(0) > max(1, most // each):
            return held
        return max(1, held + (most - sum(rows)) // each)

    def run(self, pictures: Sequence[Picture], emit: Emit, cancelled: Callable[[str], bool] = lambda _: False) -> None:
        """Make pictures from beginning to end, together if they can be."""
        for picture in pictures:
            self.submit(picture, emit)
        while self.step():
            for picture in pictures:
                if cancelled(picture.id):
                    self.cancel(picture.id)

    def _must_run_alone(self, run: Run) -> bool:
        """Whether nothing else may be in flight beside it: it may have killed its worker, or cannot be joined."""
        spec = self._specs[run.picture.request.model]
        if run.picture.attempt > 1:
            return True
        if run.picture.request.task is Task.UPSCALE:
            return False
        if not family_of(spec).joins or spec.loading.offload not in (None, Offload.NONE):
            return True
        return spec.id in self.resident() and self._models.get(spec).offloaded

    def _may_begin(self, run: Run) -> bool:
        if not self._batcher.members:
            return True
        if any(self._must_run_alone(other) for other in (run, *self._runs.values())):
            return False
        request = run.picture.request
        # LoRAs sit on the modules, which models may share: pictures with other LoRAs, or with none, take turns.
        kinds = self._kinds()
        if any((kind.model, kind.loras) != (request.model, request.loras) for kind in kinds) and (
            request.loras or any(kind.loras for kind in kinds)
        ):
            return False
        return request.task is Task.UPSCALE or self._models.fits(self._specs[request.model], self._busy())

    def _begin(self, run: Run) -> None:
        request = run.picture.request
        factor = self._specs[request.model].enlarge
        kind = BatchKey(request.model, request.width // factor, request.height // factor, request.loras)
        self._runs[run.picture.id] = run
        self._batcher.start(run.picture.id, partial(self._work, run), kind)

    def _work(self, run: Run) -> None:
        run.work(self._make)
        del self._runs[run.picture.id]
        self._models.release_offloaded(run.picture.request.model)
        if not self._runs:
            self._adapters.close()
            self._active_adapters = None

    def _kinds(self) -> set[BatchKey]:
        return {member.kind for member in self._batcher.members.values()}

    def _busy(self) -> set[str]:
        """Return the ids of the models that something in flight needs."""
        return {kind.model for kind in self._kinds()}

    def _make(self, run: Run) -> bytes:
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
        if family.weighs_prompts:
            return run.picture
        plain: dict[str, Any] = {
            name: without_syntax(text) for name in ("prompt", "negative_prompt") if (text := getattr(request, name))
        }
        if any(getattr(request, name) != text for name, text in plain.items()):
            run.note("{model} does not support weights in prompts; it reads the words without them.", model=spec.title)
        return replace(run.picture, request=replace(request, **plain))

    def _load(self, spec: ModelSpec) -> LoadedModel:
        """Return the loaded model."""
        departures = self._models.departures
        # In a greenlet that the batcher does not know: it must not wait for others in the middle of loading.
        model: LoadedModel = greenlet.greenlet(self._models.get).switch(spec, self._busy())
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
        """Apply the LoRAs that the request asks for; they are those of everything in flight, see _may_begin."""
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
