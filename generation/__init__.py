"""Pictures from requests. What stands here is all that others may import; none of it loads torch.

Beside it stands ``generation.provenance``, a separate package, since not every process needs what it loads.
"""

from . import downloads, images, machine, model_file
from .batch_profile import Measured, read_profile
from .catalogue import Catalogue, matching, resembling
from .catalogue_files import read_models
from .errors import GenerationError, HubError, ModelError, PictureError, RequestError, Sentence, SentenceError
from .events import Cancelled, Enlarging, Event, Failed, Finished, Noted, Preview, Progress, Started
from .families import negative_above
from .images.sandbox import Inspector
from .logs import set_up_logging
from .machine import give_back
from .metadata import Parameters
from .pins import Pin, forget, read_pins, write_pins
from .prompt_syntax import take_loras
from .service import Service
from .strength import fewest_steps
from .types import (
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    MAX_SEED,
    SEEN,
    Defaults,
    Job,
    Limits,
    Loading,
    LoraSpec,
    ModelSpec,
    Offload,
    Picture,
    Precision,
    PromptStyle,
    Rating,
    Request,
    Task,
)
from .validation_errors import allowed
from .vocabulary import DRAWABLE_THINGS, unknown_words
from .workers.cards import Card
from .workers.cluster import CardState, ClusterState
from .workers.devices import DeviceReport, probe
from .workers.node_messages import ClusterConfig, WorkerState
from .workers.survey import survey

__all__ = [
    "DRAWABLE_THINGS",
    "MAX_LORAS",
    "MAX_LORA_WEIGHT",
    "MAX_SEED",
    "SEEN",
    "Cancelled",
    "Card",
    "CardState",
    "Catalogue",
    "ClusterConfig",
    "ClusterState",
    "Defaults",
    "DeviceReport",
    "Enlarging",
    "Event",
    "Failed",
    "Finished",
    "GenerationError",
    "HubError",
    "Inspector",
    "Job",
    "Limits",
    "Loading",
    "LoraSpec",
    "Measured",
    "ModelError",
    "ModelSpec",
    "Noted",
    "Offload",
    "Parameters",
    "Picture",
    "PictureError",
    "Pin",
    "Precision",
    "Preview",
    "Progress",
    "PromptStyle",
    "Rating",
    "Request",
    "RequestError",
    "Sentence",
    "SentenceError",
    "Service",
    "Started",
    "Task",
    "WorkerState",
    "allowed",
    "downloads",
    "fewest_steps",
    "forget",
    "give_back",
    "images",
    "machine",
    "matching",
    "model_file",
    "negative_above",
    "probe",
    "read_models",
    "read_pins",
    "read_profile",
    "resembling",
    "set_up_logging",
    "survey",
    "take_loras",
    "unknown_words",
    "write_pins",
]
