"""Models in memory: least recently used go first, from the device to the host's memory, and from there for good."""

import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import diffusers
import torch

from ..downloads import is_of_hub
from ..families import family_of
from ..machine import GIB
from ..types import Loading, ModelSpec, Offload, Precision, Task
from .device import Device
from .load_policy import BYTES, choose_loading, component_bytes
from .load_policy import WORK as DECODING
from .loading import able, fetched, is_single, load, loading_errors, sizes
from .onnx_unet import use_onnx
from .preview import LatentColours
from .prompt_cache import Prompts
from .shared_modules import SharedModules, fingerprints
from .weighted_prompts import Inversion

log = logging.getLogger(__name__)

WORK = 1.0  # GiB beside the weights, for a model whose memory the catalogue does not know
DEVICE_SHARE = 0.9  # of a device's memory, for models that are kept on it


class LoadedModel:
    """A pipeline with its modules on the device, how it was loaded, and the map for its previews."""

    inversions: dict[str, Inversion]

    def __init__(self, spec: ModelSpec, loading: Loading, pipeline: Any, device: str) -> None:
        """Bring the pipeline's modules to the device, unless they are offloaded."""
        self.spec = spec
        self.loading = loading
        self.pipeline = pipeline
        self._device = device
        #: names of the LoRAs that are loaded into it, least recently used first
        self.adapters: list[str] = []
        #: for previews; None if there are none
        self.colours: LatentColours | None = None
        #: textual inversions that were read for it, by their ids
        self.inversions = {}
        #: the only tasks that its weights can do; None if they set no limit
        self.able: frozenset[Task] | None = None
        self.on_device = False
        if not self.offloaded:
            self.move_in()

    @property
    def offloaded(self) -> bool:
        """Whether its modules come to the device as they are called; then it makes one picture at a time."""
        return self.loading.offload is not Offload.NONE

    @property
    def precision(self) -> str:
        """Of its numbers, such as "bf16", and how many bits its quantised weights have."""
        quantised = f", {self.loading.quantised} bits" if self.loading.quantised else ""
        return f"{self.loading.precision or Precision.FP32}{quantised}"

    @property
    def movable(self) -> bool:
        """Whether it can wait in the host's memory: weights of 8 bits cannot leave the card in all versions."""
        return not self.offloaded and self.loading.quantised != 8

    def modules(self) -> dict[int, int]:
        """Return the bytes of each of its modules by identity, so that those in common are counted once."""
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
        """Bring it to the host's memory, except modules (by identity) that others need on the device."""
        for part in self.pipeline.components.values():
            if isinstance(part, torch.nn.Module) and id(part) not in staying:
                part.to("cpu")
        self.on_device = False

    def offload(self, *, scarce: bool) -> None:
        """Have its modules come to the device as they are called; ``scarce`` as in group_settings()."""
        if self.loading.offload is Offload.MODEL:
            # diffusers removes its hooks for an adapter, and puts them back for a device that it chooses.
            again = partial(self.pipeline.enable_model_cpu_offload, device=self._device)
            self.pipeline.enable_model_cpu_offload = again
            again()
        else:
            self.pipeline.enable_group_offload(
                torch.device(self._device), **group_settings(self._device, scarce=scarce)
            )
        self.on_device = True


class Models:
    """The models that are in memory, on a device and in the host's memory."""

    def __init__(self, device: Device, budget: float, *, onnx: bool = True, folder: Path | None = None) -> None:
        """``budget`` is in GiB of the host's memory; ``onnx`` lets small models choose their runtime on a CPU.

        ``folder`` keeps what is worked out of models; None forgets it.
        """
        self._device = device
        self._folder = folder
        self._onnx = onnx and not device.own_memory
        #: GiB of the host's memory that models may take
        self._host_budget = budget
        free = device.free()
        #: GiB of the device's
        self._budget = budget if free is None else free / GIB * DEVICE_SHARE
        #: least recently used first
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()
        self._shared = SharedModules()
        self._colours: WeakKeyDictionary[torch.nn.Module, dict[type, LatentColours | None]] = WeakKeyDictionary()
        #: GiB of models' weights, by what was done to their components
        self._weights: dict[str, float] = {}
        self.prompts = Prompts()
        #: monotonic() since when a model is being loaded; None while none is
        self.loading_since: float | None = None
        #: how often a model left the device
        self.departures = 0

    def fits(self, spec: ModelSpec, busy: Collection[str] = ()) -> bool:
        """Whether it is on the device, or would fit beside the models that are busy."""
        kept = [model for model in self._loaded.values() if model.spec.id in busy]
        return spec.id in self.resident() or self._taken(kept) + self._need(spec) <= self._budget

    def get(self, spec: ModelSpec, busy: Collection[str] = ()) -> LoadedModel:
        """Return the model, on the device; idle ones make room for it. Raises ModelError if it cannot be loaded."""
        model = self._loaded.get(spec.id)
        if model is None or not model.on_device:
            self._make_room(spec, {*busy, spec.id})
        if model is None:
            log.info("loading %s", spec.id)
            began = monotonic()
            model = self._loaded[spec.id] = self._load(spec)
            log.info("loaded %s as %s, after %.1f s", spec.id, model.loading, monotonic() - began)
        elif not model.on_device:
            model.move_in()
        self._loaded.move_to_end(spec.id)
        return model

    def release_offloaded(self, name: str) -> None:
        """Have an offloaded model leave the device after a picture; others stay."""
        if (model := self._loaded.get(name)) and model.offloaded:
            # The picture's own pipeline knows nothing of this one's hooks: what it left on the device in mid-run would
            # take memory that the next picture needs.
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
        counted = sizes(spec)
        half = _half(spec, bf16=self._device.has_bf16())
        loading = choose_loading(spec.loading, self._device.name, half, counted, self._device.free())
        self._weights[spec.id] = sum(component_bytes(loading, counted).values()) / GIB
        prints = {} if is_single(spec) else fingerprints(fetched(spec), f"{loading.precision} {loading.vae_tiling}")
        if spec.vae and prints:
            prints["vae"] = f"{spec.vae} {loading.precision} {loading.vae_tiling}"
        # Offloaded or quantised modules carry hooks and marks that other models must not find on theirs.
        names = prints if loading.offload is Offload.NONE and not loading.quantised else {}
        pipeline = load(spec, loading, self._shared.find(names))
        pipeline.set_progress_bar_config(disable=True)
        widen_autoencoder(pipeline, bf16=self._device.has_bf16())
        if loading.vae_tiling:
            pipeline.vae.enable_slicing()
            pipeline.vae.enable_tiling()
        self._shared.remember(pipeline, names)
        if not self._device.own_memory and isinstance(getattr(pipeline, "vae", None), diffusers.AutoencoderKL):
            pipeline.vae.to(memory_format=torch.channels_last)  # a sixth faster on a CPU
        if self._onnx:
            use_onnx(pipeline)
        model = LoadedModel(spec, loading, pipeline, self._device.name)
        model.able = able(spec)
        if model.offloaded:
            model.offload(scarce=2 * self._weights[spec.id] > self._host_budget)
        model.colours = self._colours_of(model, prints.get("vae", ""))
        return model

    def _colours_of(self, model: LoadedModel, name: str) -> LatentColours | None:
        """Return the map for previews: of this process, from disk, or fitted on the device; None if there is none."""
        layout = family_of(model.spec).latents
        if layout is None:
            return None
        vae = getattr(model.pipeline, "vae", None) or model.pipeline.transformer  # those without one work on pixels
        known = self._colours.setdefault(vae, {})
        if type(layout) not in known:
            device = torch.device(self._device.name)
            found = LatentColours.load(self._folder, name, layout, device)
            if found is None and (found := LatentColours.fit(vae, layout, device)):
                found.save(self._folder, name)
            known[type(layout)] = found
            if model.offloaded:
                model.pipeline.maybe_free_model_hooks()
        return known[type(layout)]

    def _make_room(self, spec: ModelSpec, staying: Collection[str]) -> None:
        apart = self._device.own_memory
        for name in [name for name in self._loaded if name not in staying]:
            on_device = [model for model in self._loaded.values() if model.on_device]
            if self._taken(on_device) + self._need(spec) <= self._budget:
                break
            model = self._loaded[name]
            if not model.on_device:
                continue
            self.departures += 1
            if apart and model.movable:
                others = (other for other in on_device if other is not model)
                model.move_out({key for other in others for key in other.modules()})
                log.info("moved %s to the host's memory", name)
            else:
                self._drop(name)
        for name in [name for name in self._loaded if name not in staying] if apart else ():
            waiting = [model for model in self._loaded.values() if not model.on_device or model.offloaded]
            if sum(_weights(waiting).values()) / GIB <= self._host_budget:
                break
            if self._loaded[name] in waiting:
                self._drop(name)
        self._device.release()

    def _drop(self, name: str) -> None:
        del self._loaded[name]
        log.info("let go of %s", name)

    def _taken(self, models: Iterable[LoadedModel]) -> float:
        """Return the GiB that models take together: as the catalogue counts, minus what they have in common."""
        models = list(models)
        each = sum(sum(model.modules().values()) for model in models)
        return sum(self._need(model.spec) for model in models) - (each - sum(_weights(models).values())) / GIB

    def _need(self, spec: ModelSpec) -> float:
        """Return the GiB that a model takes; all of the budget if that is not known.

        The catalogue counts weights in 16 bits, and work. Weights that were counted on disk, with what is done to each
        component, are known better.
        """
        loaded = self._loaded.get(spec.id)
        if spec.memory is None:
            need = WORK + sum(loaded.modules().values()) / GIB if loaded else self._budget
        elif not is_of_hub(spec):
            need = spec.memory
        elif spec.loading.quantised and (weights := self._weights_of(spec)) is not None:
            need = DECODING / GIB + weights
        else:
            precision = spec.loading.precision or (Precision.BF16 if self._device.own_memory else Precision.FP32)
            need = spec.memory * BYTES[precision] / 2
        return min(need, self._budget)

    def _weights_of(self, spec: ModelSpec) -> float | None:
        """Return the GiB of a model's weights as they are loaded; None if its files are not there."""
        if spec.id not in self._weights:
            try:
                counted = component_bytes(
                    replace(spec.loading, precision=spec.loading.precision or Precision.BF16), sizes(spec)
                )
            except (OSError, ValueError, KeyError):
                return None
            self._weights[spec.id] = sum(counted.values()) / GIB
        return self._weights[spec.id]


def widen_autoencoder(pipeline: Any, *, bf16: bool) -> None:
    """Load an autoencoder whose numbers overflow fp16 in bf16, or in fp32 on a device that has none.

    diffusers' pipelines of SDXL widen it around each call instead, and narrow it again: pictures that are made at the
    same time share the autoencoder, and would find it narrow in between. Those of Stable Diffusion 1.5 run theirs
    as it is, though its configuration says the same; their denoiser takes latents of its own precision only.
    """
    if not hasattr(pipeline, "upcast_vae"):
        return
    vae = getattr(pipeline, "vae", None)
    if vae is not None and vae.dtype is torch.float16 and getattr(vae.config, "force_upcast", False):
        vae.to(torch.bfloat16 if bf16 else torch.float32)
    if vae is not None and vae.dtype is not torch.float16 and getattr(vae.config, "force_upcast", False):
        vae.register_to_config(force_upcast=False)


def group_settings(device: str, *, scarce: bool) -> Mapping[str, Any]:
    """Return how groups of layers are offloaded: on a GPU the next group is copied while one works.

    By leaves, since text encoders keep their blocks too deep for diffusers to find. ``scarce`` says that the host's
    memory does not bear a pinned copy of all weights at once.
    """
    if not device.startswith("cuda"):
        return {"offload_type": "leaf_level"}
    return {"offload_type": "leaf_level", "use_stream": True, "record_stream": True, "low_cpu_mem_usage": scarce}


def _weights(models: Iterable[LoadedModel]) -> dict[int, int]:
    """Return the bytes of the models' modules by identity."""
    return {key: size for model in models for key, size in model.modules().items()}


def _half(spec: ModelSpec, *, bf16: bool) -> Precision:
    """Return the precision of a model on a GPU: numbers of models made for bf16 overflow fp16."""
    half = family_of(spec).half_precision
    return Precision.FP32 if half is Precision.BF16 and not bf16 else half
