"""FLUX.2 Klein KV: Klein, which reads the pictures of an edit once and not at every step."""

from typing import ClassVar

from ..types import Task
from .flux2 import Flux2


class Flux2KleinKv(Flux2):
    """Distilled, without guidance."""

    pipelines: ClassVar = {Task.TXT2IMG: "Flux2KleinKVPipeline", Task.EDIT: "Flux2KleinKVPipeline"}
    guidance = ""
    joins = False  # each call keeps keys and values of its own pictures between steps
