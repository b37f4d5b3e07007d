"""Runs pictures on one device: stock diffusers pipelines, side by side, joined at every step."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import diffusers
import greenlet
import onnxruntime
import torch
import transformers
from PIL import Image, ImageOps

from ..errors import RequestError
from ..families import Call, Family, family_of
from ..images import read_kept
from ..profile import BatchKey, Profile
from ..prompt_syntax import without_syntax
from ..types import ModelSpec, Offload, Picture, Request, Task
from .adapters import adapted, inversions
from .fetching import DownloadQueue
from .inpaint import InpaintBlender, merge
from .loading import DENOISERS, ensure_downloaded, loading_errors, needs_download
from .models import LoadedModel, Models
from .run import Emit, PreviewPacer, Run
from .schedulers import StepObserver, make_scheduler
from .step_batcher import StepBatcher
from .truncation import truncated_end
from .upscale import OWN_WEIGHTS, Upscaler, weights_of
from .weighted_prompts import encoded

log = logging.getLogger(__name__)

GUIDED_ROWS = 2  # rows that a picture takes, while it is not known: with guidance most take two

AT_ONCE = 5.0  # seconds within which a model that was fetched before is known to be there
LOOK_EVERY = 0.1  # seconds between two looks for what has come, while nothing is made since a model is being fetched

ENLARGE_FIRST = 2  # times, for inputs that are to be enlarged before they are worked on


def quiet_libraries() -> None:
    """Keep the libraries' progress bars and advice out of the operator's log."""
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


class Engine:
    """One device, its models and the pictures in flight. All of its methods are called in one thread."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        device: str,
        threads: int,
        budget: float,
        folder: Path | None = None,
        clock: Callable[[], float] = perf_counter,
        *,
        onnx: bool = True,
    ) -> None:
        """``folder`` is where it keeps what it measures of models; ``clock`` gives the seconds that steps take;
        ``onnx`` lets small models choose their runtime on a CPU."""
        torch.set_num_threads(threads)
        self._specs = specs
        self._models = Models(device, budget, onnx=onnx)
        self._device = device
        versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
        if onnx and device == "cpu":
            versions += f", onnxruntime {onnxruntime.__version__}"
        named = f"{device}, {torch.cuda.get_device_name(device)}" if device.startswith("cuda") else device
        self._profile = Profile(folder, named, versions)
        self._batcher = StepBatcher(self._profile, clock)
        self._previews = PreviewPacer()
        self._upscalers: dict[Path, Upscaler] = {}
        #: what cannot begin before its model's files have come
        self._downloads = DownloadQueue(ensure_downloaded)
        #: what has not begun, oldest first
        self._arrivals: deque[Run] = deque()
        #: what has begun, by the picture's id
        self._runs: dict[str, Run] = {}
        #: the kinds of what is in flight, or was last: when idle, it wants as many as it had room for then
        self._recent_kinds: set[BatchKey] = set()
        #: what takes the adapters off again, and whose they are: model and adapters
        self._adapters = ExitStack()
        self._active_adapters: tuple[str, tuple[tuple[str, float], ...]] | None = None

    def warm_up(self) -> None:
        """Load the model that is asked for most, for the first member not to wait for it; or begin to fetch it."""
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
            # Whoever asks for it is told; the other models work all the same.
            log.exception("%s could not be loaded ahead", spec.id)

    def resident(self) -> frozenset[str]:
        """Ids of the models that are loaded."""
        return self._models.resident()

    def fetching(self) -> frozenset[str]:
        """Ids of the models whose files are being fetched; pictures of others go on meanwhile."""
        return self._downloads.models

    def loading_for(self) -> float:
        """Seconds for which nothing is done but fetching or loading a model; else 0. May be asked in any thread."""
        since = self._models.loading_since
        if since is None and not (self._arrivals or self._batcher.members):
            since = self._downloads.since
        return 0.0 if since is None else monotonic() - since

    def submit(self, picture: Picture, emit: Emit) -> None:
        """Take a picture; it begins at the next step that can take it in. One terminal event is emitted of it."""
        run, name = Run(picture, emit, self._previews), picture.request.model
        if name not in self._specs:  # it waited while the operator took the model out of the catalogue
            run.fail("The model {model} is no longer offered here; choose another model.", model=name)
        else:
            self._admit(run)

    def _admit(self, run: Run) -> None:
        """Let a picture begin once the files of its model and of its LoRAs are here."""
        request = run.picture.request
        spec, asked = self._specs[request.model], {name for name, _ in request.loras}
        for wanted in (spec, *(lora for lora in spec.loras if lora.id in asked)):
            known = wanted.id in run.downloaded or wanted.id in self._models.in_memory()
            if needs_download(wanted) and not known:
                run.downloaded.add(wanted.id)
                self._downloads.enqueue(wanted, run)
                return
        self._arrivals.append(run)

    def cancel(self, picture_id: str) -> None:
        """Let a picture go where it waits: before its next step. Nothing happens where it is not here any more."""
        self._downloads.cancel(picture_id)
        for run in list(self._arrivals):
            if run.picture.id == picture_id:
                self._arrivals.remove(run)
                run.drop()
        if picture_id in self._batcher.members:
            with torch.inference_mode():
                self._batcher.stop(picture_id)

    def step(self) -> bool:
        """Begin what can begin, and make one step of what is in flight; whether anything is left."""
        for run in self._downloads.take_ready():
            self._admit(run)
        with torch.inference_mode():
            while self._arrivals and self._may_begin(self._arrivals[0]):
                self._begin(self._arrivals.popleft())
            self._recent_kinds = self._kinds() or self._recent_kinds
            self._batcher.step()
        if self._downloads.models and not (self._arrivals or self._batcher.members):
            self._downloads.wait(LOOK_EVERY)
        return bool(self._arrivals or self._batcher.members or self._downloads.models)

    def capacity(self) -> int:
        """How many pictures it wants to have, with those that it has."""
        return len(self._downloads) + self._places()

    def _places(self) -> int:
        """How many pictures it wants to have beside those whose models are being fetched."""
        held = len(self._arrivals) + len(self._batcher.members)
        if self._arrivals or any(self._must_run_alone(self._runs[name]) for name in self._batcher.members):
            return max(held, 1)
        rows = [GUIDED_ROWS if member.rows is None else member.rows for member in self._batcher.members.values()]
        each = max(rows, default=0) or GUIDED_ROWS
        most = min(
            (self._profile.rows(kind) for kind in self._recent_kinds if kind.model in self.resident()), default=each
        )
        # Those whose end is being made take no rows, but time: others wait where these are more than can be at work.
        if rows.count(0) > max(1, most // each):
            return held
        return max(1, held + (most - sum(rows)) // each)

    def run(self, pictures: Sequence[Picture], emit: Emit, cancelled: Callable[[str], bool] = lambda _: False) -> None:
        """Make pictures from beginning to end, those together that can be."""
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
        # Adapters sit on the modules, which models may share: pictures with others, or with none, take turns.
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
        """Ids of the models that something in flight needs."""
        return {kind.model for kind in self._kinds()}

    def _make(self, run: Run) -> Image.Image:
        """The picture, made by its pipeline; waits within it, and leaves it by an exception where it is stopped."""
        request = run.picture.request
        spec = self._specs[request.model]
        if request.task is Task.UPSCALE:
            image = read_kept(request.images[0].read_bytes())
            with loading_errors(spec):
                weights = weights_of(spec, offline=True)
            return self._enlarge(image, request.width // image.width, weights)
        model, family = self._load(spec), family_of(spec)
        call = self._call(spec, self._readable(run, family, spec))
        member = self._batcher.members[run.picture.id]
        member.kind = replace(member.kind, precision=model.precision)
        if model.able is not None and request.task not in model.able:
            log.error("%s: its weights can do %s only; say so in tasks", spec.id, ", ".join(sorted(model.able)))
            raise RequestError(
                "{model} was not made for {task}; choose another model.", model=spec.title, task=request.task.value
            )
        self._apply_adapters(model, run)
        scheduler = make_scheduler(_scheduler(spec, request), model.pipeline.scheduler.config)
        # A pipeline object of its own for each call: they keep state on themselves; the modules are shared.
        pipeline = family.pipeline(model.pipeline, call, scheduler)
        pipeline.set_progress_bar_config(disable=True)
        self._models.prompts.watch(pipeline, (spec.id, request.loras))
        arguments = family.arguments(pipeline, call)
        if family.weighs_prompts:
            arguments = encoded(pipeline, arguments, inversions(model, request))
        else:
            run.note_truncation(truncated_end(pipeline, call.request.prompt))
            if "negative_prompt" in arguments:
                run.note_truncation(truncated_end(pipeline, call.request.negative_prompt), negative=True)
        self._follow(run, model, scheduler, call)
        (image,) = family.output_images(pipeline(**arguments), call)
        return self._last(request, image, spec.enlarge)

    def _readable(self, run: Run, family: Family, spec: ModelSpec) -> Picture:
        """The picture, its prompts without the syntax for weights if its family does not know that."""
        request = run.picture.request
        if family.weighs_prompts:
            return run.picture
        plain = {
            name: without_syntax(text) for name in ("prompt", "negative_prompt") if (text := getattr(request, name))
        }
        if any(getattr(request, name) != text for name, text in plain.items()):
            run.note("{model} knows no weights in prompts; it reads the words without them.", model=spec.title)
        return replace(run.picture, request=replace(request, **plain))

    def _load(self, spec: ModelSpec) -> LoadedModel:
        """The loaded model, its modules watched by the hub."""
        # In a greenlet that the hub does not know: it must not wait for others in the middle of loading.
        model: LoadedModel = greenlet.greenlet(self._models.get).switch(spec, self._busy())
        for name, module in model.pipeline.components.items():
            if isinstance(module, torch.nn.Module):
                joins = name in DENOISERS
                methods = ("encode", "decode") if hasattr(module, "decode") else ("forward",)
                for method in methods:
                    self._batcher.watch(module, method, joins=joins)
        return model

    def _apply_adapters(self, model: LoadedModel, run: Run) -> None:
        """Bring the model's adapters to what the request asks for; nothing in flight minds, see _may_begin."""
        request = run.picture.request
        worn = request.model, request.loras
        if request.loras and worn != self._active_adapters:
            for template, params in self._adapters.enter_context(adapted(model, request.loras)):
                run.note(template, **params)
            self._active_adapters = worn

    def _follow(self, run: Run, model: LoadedModel, scheduler: Any, call: Call) -> None:
        """Have the run told of each step of its scheduler, with what can be shown of it."""
        family, colours = family_of(model.spec), model.colours
        of = family.steps(call.request)

        def on_step(step: int) -> None:
            jpeg = (lambda: colours.jpeg(estimate.latents[0], call.size)) if colours else None
            run.on_step(min(step, of), of, jpeg)
            if step >= of:
                self._batcher.members[run.picture.id].rows = 0  # others may come while its end is made

        estimate = StepObserver(scheduler, on_step)
        if family.latents and family.needs_blending(model.pipeline, call.request.task):
            kept = call.first_inputs(), call.masks()
            estimate.blender = InpaintBlender(model.pipeline.vae, scheduler, *kept, family.latents)

    def _last(self, request: Request, image: Image.Image, factor: int) -> Image.Image:
        """What is done after the pipeline: enlarging, and putting the kept part of the source back as it was."""
        larger = self._enlarge(image, factor)
        if request.task is not Task.INPAINT:
            return larger
        return merge(larger, *(read_kept(path.read_bytes(), larger.size) for path in request.images))

    def _call(self, spec: ModelSpec, picture: Picture) -> Call:
        request = picture.request
        size = request.width // spec.enlarge, request.height // spec.enlarge
        fit = size if family_of(spec).resizes_inputs or request.task is Task.INPAINT else None
        inputs = [self._input(path, fit, enlarge_first=request.enlarge_first) for path in request.images]
        return Call([picture], size, [inputs])

    def _input(self, path: Path, size: tuple[int, int] | None, *, enlarge_first: bool) -> Image.Image:
        """A picture that a request starts from, at the size it is worked on; its own where none is given."""
        if not enlarge_first:
            return read_kept(path.read_bytes(), size)
        larger = self._enlarge(read_kept(path.read_bytes()), ENLARGE_FIRST)
        return ImageOps.fit(larger, size, Image.Resampling.LANCZOS) if size else larger

    def _enlarge(self, image: Image.Image, factor: int, weights: Path = OWN_WEIGHTS) -> Image.Image:
        """The picture enlarged, with a pause after each tile."""
        if factor == 1:
            return image
        if weights not in self._upscalers:
            self._upscalers[weights] = Upscaler(weights, self._device)
        return self._upscalers[weights].enlarge(image, factor, self._batcher.pause)


def _scheduler(spec: ModelSpec, request: Request) -> str:
    """The scheduler that was chosen; if that is the model's usual one, what a LoRA was distilled with goes before."""
    asked = {name for name, _ in request.loras}
    distilled = next((lora.scheduler for lora in spec.loras if lora.id in asked and lora.scheduler), None)
    return distilled if distilled and request.scheduler == spec.defaults.scheduler else request.scheduler
