"""Models in memory: least recently used go first, from the device to the host's memory, and from there for good."""

import gc
import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable
from functools import partial
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import diffusers
import torch

from ..downloads import is_of_hub
from ..families import family_of
from ..machine import GIB
from ..types import Loading, ModelSpec, Offload, Precision, Task
from .load_policy import BYTES, choose_loading
from .loading import able, fetched, is_single, load, loading_errors, sizes
from .onnx_unet import use_onnx
from .preview import LatentColours
from .prompts import Prompts
from .shared_modules import SharedModules, fingerprints
from .weighted_prompts import Inversion

log = logging.getLogger(__name__)

WORK = 1.0  # GiB beside its weights, for a model of which the catalogue does not know what it takes
DEVICE_SHARE = 0.9  # of a device's memory, for models that are kept on it


class LoadedModel:
    """A pipeline with its modules on the device, how it was loaded, and the map for its previews."""

    def __init__(self, spec: ModelSpec, loading: Loading, pipeline: Any, device: str) -> None:
        self.spec = spec
        self.loading = loading
        self.pipeline = pipeline
        self._device = device
        #: names of the LoRAs that are loaded into it, longest unused first
        self.adapters: list[str] = []
        #: for previews; None where it is not known how the latents are laid out
        self.colours: LatentColours | None = None
        #: textual inversions that were read for it, by their ids
        self.inversions: dict[str, Inversion] = {}
        #: the only tasks that its weights can do; None if they set no limit
        self.able: frozenset[Task] | None = None
        self.on_device = False
        if not self.offloaded:
            self.move_in()

    @property
    def offloaded(self) -> bool:
        """Whether its modules come to the device one by one as they are called; that bears one picture at a time."""
        return self.loading.offload is not Offload.NONE

    @property
    def precision(self) -> str:
        """Of its numbers, such as "bf16", and how many bits its quantised weights have."""
        quantised = f", {self.loading.quantised} bits" if self.loading.quantised else ""
        return f"{self.loading.precision or Precision.FP32}{quantised}"

    def modules(self) -> dict[int, int]:
        """Bytes of each of its modules by identity, so that those in common are counted once."""
        parts = self.pipeline.components.values()
        return {
            id(part): sum(tensor.nbytes for tensor in (*part.parameters(), *part.buffers()))
            for part in parts
            if isinstance(part, torch.nn.Module)
        }

    def move_in(self) -> None:
        """Bring it to the device."""
        if not self.offloaded and not self.on_device:
            self.pipeline.to(self._device)
        self.on_device = True

    def move_out(self, staying: Collection[int]) -> None:
        """Bring it to the host's memory, but for modules (by identity) that others need where they are."""
        for part in self.pipeline.components.values():
            if isinstance(part, torch.nn.Module) and id(part) not in staying:
                part.to("cpu")
        self.on_device = False

    def offload(self) -> None:
        """Have its modules come to the device as they are called."""
        if self.loading.offload is Offload.MODEL:
            # diffusers takes its hooks off for an adapter and puts them back for a device of its own choice.
            again = partial(self.pipeline.enable_model_cpu_offload, device=self._device)
            self.pipeline.enable_model_cpu_offload = again
            again()
        else:
            self.pipeline.enable_group_offload(torch.device(self._device), offload_type="leaf_level")
        self.on_device = True


class Models:
    """The models that are in memory, on a device and in the host's memory."""

    def __init__(self, device: str, budget: float, *, onnx: bool = True) -> None:
        """``budget`` is in GiB of the host's memory; ``onnx`` lets small models choose their runtime on a CPU."""
        self._device = device
        self._onnx = onnx and device == "cpu"
        #: whether the device has memory of its own
        self._has_own_memory = device != "cpu"
        #: GiB of the host's memory that models may take
        self._host_budget = budget
        #: GiB of the device's
        self._budget = _device_memory(device) / GIB * DEVICE_SHARE if self._has_own_memory else budget
        #: least recently used first
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        self._shared = SharedModules()
        self._colours: WeakKeyDictionary[torch.nn.Module, dict[type, LatentColours]] = WeakKeyDictionary()
        self.prompts = Prompts()
        #: monotonic() since when a model is being fetched and loaded; None while none is
        self.loading_since: float | None = None

    def fits(self, spec: ModelSpec, busy: Collection[str] = ()) -> bool:
        """Whether it is on the device, or can be without letting go of those that are busy."""
        kept = [model for model in self._loaded.values() if model.spec.id in busy]
        return spec.id in self.resident() or self._taken(kept) + self._need(spec) <= self._budget

    def get(self, spec: ModelSpec, busy: Collection[str] = ()) -> LoadedModel:
        """The model, on the device; lets others go for it that are not busy. Raises ModelError where it cannot."""
        model = self._loaded.get(spec.id)
        if model is None or not model.on_device:
            self._make_room(spec, {*busy, spec.id})
        if model is None:
            model = self._loaded[spec.id] = self._load(spec)
            log.info("loaded %s as %s", spec.id, model.loading)
        elif not model.on_device:
            model.move_in()
        self._loaded.move_to_end(spec.id)
        return model

    def release_offloaded(self, name: str) -> None:
        """Have an offloaded model leave the device after a picture; others stay."""
        if (model := self._loaded.get(name)) and model.offloaded:
            # The picture's own pipeline knows nothing of this one's hooks: what it left on the device in mid-run would
            # stand there beside what the next picture needs.
            model.pipeline.maybe_free_model_hooks()

    def resident(self) -> frozenset[str]:
        """Ids of the models that are on the device."""
        return frozenset(name for name, model in self._loaded.items() if model.on_device)

    def in_memory(self) -> frozenset[str]:
        """Ids of the models that are on the device or in the host's memory."""
        return frozenset(self._loaded)

    def _load(self, spec: ModelSpec) -> LoadedModel:
        self.loading_since = monotonic()
        try:
            with loading_errors(spec):
                return self._build(spec)
        finally:
            self.loading_since = None

    def _build(self, spec: ModelSpec) -> LoadedModel:
        free = _device_memory(self._device) if self._has_own_memory else None
        loading = choose_loading(spec.loading, self._device, _half(spec, self._device), sizes(spec), free)
        names: dict[str, str] = {}
        # What is offloaded or quantised carries marks of it that others must not find on a module of theirs.
        if loading.offload is Offload.NONE and not loading.quantised and not is_single(spec):
            names = fingerprints(fetched(spec), f"{loading.precision} {loading.vae_tiling}")
        pipeline = load(spec, loading, self._shared.find(names))
        pipeline.set_progress_bar_config(disable=True)
        if loading.vae_tiling:
            pipeline.vae.enable_slicing()
            pipeline.vae.enable_tiling()
        self._shared.remember(pipeline, names)
        if not self._has_own_memory and isinstance(getattr(pipeline, "vae", None), diffusers.AutoencoderKL):
            pipeline.vae.to(memory_format=torch.channels_last)  # a sixth faster on a CPU
        if self._onnx:
            use_onnx(pipeline)
        model = LoadedModel(spec, loading, pipeline, self._device)
        model.able = able(spec)
        if layout := family_of(spec).latents:
            # Fitted before the modules leave the host, and once for all models that share autoencoder and layout.
            known = self._colours.setdefault(pipeline.vae, {})
            if type(layout) not in known:
                known[type(layout)] = LatentColours(pipeline.vae, layout)
            model.colours = known[type(layout)]
        if model.offloaded:
            model.offload()
        return model

    def _make_room(self, spec: ModelSpec, staying: Collection[str]) -> None:
        for name in [name for name in self._loaded if name not in staying]:
            on_device = [model for model in self._loaded.values() if model.on_device]
            if self._taken(on_device) + self._need(spec) <= self._budget:
                break
            model = self._loaded[name]
            if not model.on_device:
                continue
            if self._has_own_memory and not model.offloaded:
                others = (other for other in on_device if other is not model)
                model.move_out({key for other in others for key in other.modules()})
                log.info("moved %s to the host's memory", name)
            else:
                self._drop(name)
        for name in [name for name in self._loaded if name not in staying] if self._has_own_memory else ():
            waiting = [model for model in self._loaded.values() if not model.on_device or model.offloaded]
            if sum(_weights(waiting).values()) / GIB <= self._host_budget:
                break
            if self._loaded[name] in waiting:
                self._drop(name)
        free_memory()

    def _drop(self, name: str) -> None:
        del self._loaded[name]
        log.info("let go of %s", name)

    def _taken(self, models: Iterable[LoadedModel]) -> float:
        """GiB that models take together: as the catalogue counts, but for what they have in common."""
        models = list(models)
        each = sum(sum(model.modules().values()) for model in models)
        return sum(self._need(model.spec) for model in models) - (each - sum(_weights(models).values())) / GIB

    def _need(self, spec: ModelSpec) -> float:
        """GiB that a model takes. The catalogue counts those of the hub in 16 bits; what it does not know takes all."""
        loaded = self._loaded.get(spec.id)
        if spec.memory is None:
            need = WORK + sum(loaded.modules().values()) / GIB if loaded else self._budget
        elif is_of_hub(spec):
            precision = spec.loading.precision or (Precision.BF16 if self._has_own_memory else Precision.FP32)
            need = spec.memory * (spec.loading.quantised / 16 if spec.loading.quantised else BYTES[precision] / 2)
        else:
            need = spec.memory
        return min(need, self._budget)


def free_memory() -> None:
    """Give back what is not used any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _weights(models: Iterable[LoadedModel]) -> dict[int, int]:
    """Bytes of the models' modules by identity."""
    return {key: size for model in models for key, size in model.modules().items()}


def _device_memory(device: str) -> int:
    """Bytes of the device's memory that are free or ours."""
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device))


def _half(spec: ModelSpec, device: str) -> Precision:
    half = family_of(spec).half_precision
    if half is Precision.BF16 and device.startswith("cuda") and not torch.cuda.is_bf16_supported():
        return Precision.FP16
    return half
