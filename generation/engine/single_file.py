"""Models in one file: whole checkpoints, and denoisers whose other parts come from ``base``."""

import json
from typing import Any

import diffusers
import torch
import transformers
from safetensors.torch import load_file

from ..downloads import base_folder, chosen_file
from ..families import family_of
from ..model_file import DENOISERS, Kind, ModelFile, base_of, inspect, is_whole, lacks
from ..types import ModelSpec

INDEX = "model_index.json"
LDM = "model.diffusion_model."


class SingleFile:
    """A model's file, what it is, and the folder that has what it lacks."""

    def __init__(self, spec: ModelSpec, *, offline: bool) -> None:
        """Download what is not here unless ``offline``. Raises ValueError if the file is none that can be loaded."""
        self.spec = spec
        self.path = chosen_file(spec, offline=offline)
        self.found = inspect(self.path)
        if self.found.kind not in (Kind.CHECKPOINT, Kind.DENOISER, Kind.OTHER):
            raise ValueError(f"{self.path} is {self.found.describe()}")
        if "scales" in self.found.quantisation or "SVDQuant" in self.found.quantisation:
            raise ValueError(f"{self.path} has {self.found.quantisation}; get it as bf16, plain fp8 or .gguf")
        base = spec.base or base_of(self.found)
        if base is None:
            raise ValueError(f"{self.path} is {self.found.describe()}; name the base that its other parts come from")
        source, _, revision = base.partition("@")
        self.folder = base_folder(source, revision or None, spec.variant, self._lacks, offline=offline)
        self._index: dict[str, Any] = json.loads((self.folder / INDEX).read_text(encoding="utf-8"))

    @property
    def is_whole(self) -> bool:
        """Whether the file holds more than the denoiser."""
        return is_whole(self.found)

    def components(self, dtype: torch.dtype, quantised: dict[str, Any]) -> dict[str, Any]:
        """Load the denoiser of the file, for a pipeline whose other parts are those of ``folder``."""
        name = next(name for name in DENOISERS if self._index.get(name))
        made = getattr(diffusers, self._index[name][1])
        source: Any = str(self.path)
        if self.found.layout == "original" and name == "unet":
            # diffusers finds a U-Net's weights by the prefix that they have in whole checkpoints.
            source = {f"{LDM}{key.removeprefix(LDM)}": tensor for key, tensor in load_file(self.path).items()}
        if self.found.format == "gguf":
            quantised = {"quantization_config": diffusers.GGUFQuantizationConfig(compute_dtype=dtype)}
        return {
            name: made.from_single_file(
                source, config=str(self.folder), subfolder=name, dtype=dtype, local_files_only=True, **quantised
            )
        }

    def pipeline(self, options: dict[str, Any]) -> Any:
        """Load the whole checkpoint; parts that it lacks come from ``folder``."""
        name = next((name for name in family_of(self.spec).pipelines.values() if name), "")
        if not name:
            raise ValueError(f"models of the family {self.spec.family} cannot be loaded from one file")
        pipeline_class = getattr(diffusers, name)
        lacking = {name: self._part(name, options["dtype"]) for name in self._index if self._lacks(name)}
        if "safety_checker" in pipeline_class._optional_components:
            options["safety_checker"] = None
        pipeline = pipeline_class.from_single_file(
            str(self.path), trust_remote_code=False, config=str(self.folder), local_files_only=True,
            **{**lacking, **options},
        )  # fmt: skip
        if self.found.v_prediction:
            more = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"} if self.found.zero_snr else {}
            scheduler = pipeline.scheduler
            pipeline.scheduler = scheduler.from_config(scheduler.config, prediction_type="v_prediction", **more)
        return pipeline

    def _lacks(self, part: str) -> bool:
        """Whether a part of the base has weights that the file does not."""
        return lacks(self.found, part)

    def _part(self, name: str, dtype: torch.dtype) -> Any:
        library, class_name = self._index[name]
        made = getattr(diffusers if library == "diffusers" else transformers, class_name)
        return made.from_pretrained(
            self.folder, subfolder=name, use_safetensors=True, local_files_only=True, dtype=dtype
        )


def found_in(spec: ModelSpec) -> ModelFile:
    """What the model's file is, which must be here."""
    return inspect(chosen_file(spec, offline=True))
