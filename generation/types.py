"""The values that cross process boundaries: frozen, picklable, without tensors."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from .strength import steps_run


class Task(StrEnum):
    """What a request asks for."""

    TXT2IMG = "txt2img"
    IMG2IMG = "img2img"
    EDIT = "edit"
    INPAINT = "inpaint"
    UPSCALE = "upscale"


MAX_SEED = 2**32 - 1
MAX_LORAS = 3  # of one request
MAX_LORA_WEIGHT = 2.0  # either way


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides what the pictures look like."""

    task: Task
    #: id in the catalogue
    model: str
    prompt: str = ""
    negative_prompt: str = ""
    #: seed of the first picture, 0 to MAX_SEED; picture i has seed + i, so that a retry makes the same pictures
    seed: int = 0
    #: size in pixels of the picture that is delivered (after the enlarging that belongs to the model)
    width: int = 0
    height: int = 0
    num_inference_steps: int = 0
    guidance_scale: float = 0.0
    #: share of the noise schedule that is run on the input, above 0 up to 1; None if the task has no input
    strength: float | None = None
    #: if not empty, one for each picture, all with the same seed, so that strengths can be compared
    strengths: tuple[float, ...] = ()
    #: whether inputs are enlarged by the upscaler first
    enlarge_first: bool = False
    #: a name of ModelSpec.schedulers
    scheduler: str = ""
    count: int = 1
    #: input pictures, kept on disk by the SHA-256 of their bytes
    images: tuple[Path, ...] = ()
    #: LoRAs to apply, each an id of ModelSpec.loras and a weight of -MAX_LORA_WEIGHT to MAX_LORA_WEIGHT
    loras: tuple[tuple[str, float], ...] = ()

    @property
    def steps_run(self) -> int:
        """Steps that most pipelines run; see Family.steps."""
        return steps_run(self.num_inference_steps, self.strength)

    def of_picture(self, index: int) -> "Request":
        """Return the request for picture ``index`` only: with its own strength, or with seed ``seed + index``."""
        if self.strengths:
            return replace(self, count=1, strength=self.strengths[index], strengths=())
        return replace(self, count=1, seed=(self.seed + index) % (MAX_SEED + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of a job: the unit of queueing, fairness, reservation and delivery."""

    #: "job:index"
    id: str
    user_id: int
    #: turns in a round that the member's plan gives them, at least 1
    priority: int = 1
    #: 1 for the first try, one more each time that its worker died
    attempt: int = 1
    #: a request with count 1 and this picture's own seed
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one command asks for: ``request.count`` pictures of one request."""

    id: str
    user_id: int
    priority: int = 1
    request: Request

    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures of the job, with ids ``job:0 …``."""
        return tuple(
            Picture(
                id=f"{self.id}:{index}",
                user_id=self.user_id,
                priority=self.priority,
                request=self.request.of_picture(index),
            )
            for index in range(self.request.count)
        )


_NO_OTHER_KEYS = {"extra": "forbid"}  # how pydantic reads entries of the catalogue


class PromptStyle(StrEnum):
    """How prompts for a model are best written."""

    TAGS = "tags"
    SENTENCES = "sentences"


class Rating(StrEnum):
    """The audience of a model's typical pictures."""

    EVERYONE = "everyone"
    TEEN = "teen"
    MATURE = "mature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a model uses if the person did not choose."""

    __pydantic_config__ = _NO_OTHER_KEYS

    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str = ""
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a model accepts. Sizes are of the delivered picture, in pixels."""

    __pydantic_config__ = _NO_OTHER_KEYS

    #: width and height are multiples of this
    multiple: int
    min_side: int
    max_side: int
    max_steps: int = 100
    max_guidance: float = 30.0
    #: how many pictures an edit may start from
    max_images: int = 1
    #: whether it takes a negative prompt
    negative_prompt: bool = True


class Precision(StrEnum):
    """Of the weights' numbers."""

    BF16 = "bf16"
    FP16 = "fp16"
    FP32 = "fp32"


class Offload(StrEnum):
    """Which parts of a model stay in the host's memory while they are not used."""

    NONE = "none"
    #: every module except the one that is running
    MODEL = "model"
    #: every group of layers except the one that is running: least memory, and slow
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How a model is loaded. None means: chosen by the free memory."""

    __pydantic_config__ = _NO_OTHER_KEYS

    precision: Precision | None = None
    offload: Offload | None = None
    #: bits of quantised weights, 4 or 8, through bitsandbytes; 0 leaves them as they are
    quantised: int = 0
    #: whether pictures are always decoded in tiles, which takes less memory
    vae_tiling: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSpec:
    """A LoRA of the catalogue. None means: not known."""

    __pydantic_config__ = _NO_OTHER_KEYS

    id: str
    title: str
    #: one line in plain words: what it does
    description: str = ""
    #: family of the models that it fits
    family: str
    #: patterns of the ids that it fits within the family; those after "!" it does not fit
    models: tuple[str, ...] = ("*",)
    #: hub repository, or single .safetensors file
    source: str
    #: the file within the repository, if it has several
    file: str | None = None
    #: commit of the repository
    revision: str | None = None
    #: trigger words; added to a prompt that has none of them
    triggers: tuple[str, ...] = ()
    #: weight if the person names none
    weight: float = 1.0
    #: what it was made for, for those who choose nothing else; None is the model's usual one
    scheduler: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    #: whether the hub gives it only to accounts that accepted its terms
    gated: bool | None = None
    licence: str | None = None
    #: whether the licence allows commercial use
    commercial: bool | None = None
    rating: Rating | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model of the catalogue. None means: not known."""

    __pydantic_config__ = _NO_OTHER_KEYS

    id: str
    title: str
    #: one line in plain words: what it is good at
    description: str = ""
    family: str
    tasks: frozenset[Task]
    #: hub repository, folder or single .safetensors file
    source: str
    #: the single .safetensors or .gguf file within the repository or folder; None if it is in diffusers' layout
    file: str | None = None
    #: folder or repository (at a commit: "owner/name@commit") with what a single file lacks: configuration, and for
    #: .gguf all but the denoiser
    base: str | None = None
    #: folder or repository ("owner/name@commit") of an autoencoder that replaces the checkpoint's
    vae: str | None = None
    #: variant of the repository's files, such as "fp16"; None means the plain ones
    variant: str | None = None
    #: commit of the repository
    revision: str | None = None
    #: SHA-256 of the single file, if it is known beforehand
    sha256: str | None = None
    #: whether the hub gives it only to accounts that accepted its terms
    gated: bool | None = None
    defaults: Defaults
    limits: Limits
    #: SPDX id or name of the licence
    licence: str | None = None
    #: whether the licence allows commercial use
    commercial: bool | None = None
    #: GiB needed to run it in 16 bits (twice that in 32 bits); None reserves the whole budget
    memory: float | None = None
    #: GB (10⁹ bytes) of its weights on disk
    weights: float | None = None
    loading: Loading = Loading()
    #: the delivered picture is this many times larger than what the pipeline makes (1, 2 or 4)
    enlarge: int = 1
    #: names of the schedulers that it works with
    schedulers: tuple[str, ...] = ()
    prompt_style: PromptStyle | None = None
    #: of its typical pictures
    rating: Rating | None = None
    #: prompts that show what it can do
    samples: tuple[str, ...] = ()
    #: composition words that it follows well
    composition: tuple[str, ...] = ()
    #: images that one picture counts against a member's daily allowance; set by the operator
    cost: int = 1
    #: the LoRAs that fit it; filled in by the catalogue
    loras: tuple[LoraSpec, ...] = ()


#: classes of the output filter: NudeNet's, in the order of its output
SEEN = (
    "FEMALE_GENITALIA_COVERED", "FACE_FEMALE", "BUTTOCKS_EXPOSED", "FEMALE_BREAST_EXPOSED", "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED", "ANUS_EXPOSED", "FEET_EXPOSED", "BELLY_COVERED", "FEET_COVERED", "ARMPITS_COVERED",
    "ARMPITS_EXPOSED", "FACE_MALE", "BELLY_EXPOSED", "MALE_GENITALIA_EXPOSED", "ANUS_COVERED", "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)  # fmt: skip
