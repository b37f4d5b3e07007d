"""Runs pictures on one device: stock diffusers pipelines, side by side, joined at every step."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic, perf_counter

import diffusers
import onnxruntime
import torch
import transformers

from ..batch_profile import BatchKey, Profile
from ..families import family_of
from ..types import LoraSpec, ModelSpec, Offload, Picture, Task
from .device import Device, open_device
from .fetching import DownloadQueue
from .host_work import Background
from .loaded_models import Models
from .loading import ensure_downloaded, needs_download
from .picture_maker import PictureMaker
from .picture_run import Emit, Run
from .preview import Previews
from .step_batcher import StepBatcher

log = logging.getLogger(__name__)

GUIDED_ROWS = 2  # rows that a picture takes while that is not known: with guidance most take two

AT_ONCE = 5.0  # seconds within which a model that was downloaded before is known to be there
LOOK_EVERY = 0.1  # seconds between two looks at downloads while nothing else is to be done


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
        background = Background(self._batcher, self._device)
        self._previews = Previews(self._device, background.submit)
        self._maker = PictureMaker(specs, self._device, self._models, self._batcher, background, self._profile)
        #: what cannot begin before its model's files have come
        self._downloads = DownloadQueue(ensure_downloaded)
        #: what has not begun, oldest first
        self._arrivals: deque[Run] = deque()
        #: what has begun, by the picture's id
        self._runs: dict[str, Run] = {}
        #: the kinds of what is in flight, or was last: when idle, it wants as many as it had room for then
        self._recent_kinds: set[BatchKey] = set()

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
        run.work(self._maker.make)
        del self._runs[run.picture.id]
        self._models.release_offloaded(run.picture.request.model)
        if not self._runs:
            self._maker.remove_adapters()

    def _kinds(self) -> set[BatchKey]:
        return {member.kind for member in self._batcher.members.values()}

    def _busy(self) -> set[str]:
        """Return the ids of the models that something in flight needs."""
        return {kind.model for kind in self._kinds()}
