"""What a model file is, read from its header: nothing is loaded, and no number of its weights is looked at. Blocks.

Only the standard library is used, and the file can be run by itself: ``inspect_apart`` does so, in a process with
little memory and time, for files that nobody vouches for. The names by which a build is known are in builds.py.
"""

import json
import resource
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

if __package__:
    from . import builds
else:  # run by inspect_apart, where nothing else of the package is imported
    import builds  # type: ignore[import-not-found,no-redef]

MAX_HEADER = 32 * 2**20  # bytes; the largest checkpoints' have about half a megabyte
MAX_TENSORS = 200_000
SNIFFED = 512  # bytes that tell what is no model at all
SECONDS = 10.0  # for a file in a separate process; usual ones take some milliseconds
MEMORY = 512 * 2**20  # bytes of address space there

SAFETENSORS = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8,
}  # fmt: skip
#: GGUF's names of numbers, by the code in the file; https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
GGML = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 30: "BF16",
}  # fmt: skip
GGUF_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
GGUF_TEXT, GGUF_ARRAY = 8, 9


class Kind(StrEnum):
    """What can lie in a file that is offered as a model."""

    CHECKPOINT = "checkpoint"
    DENOISER = "denoiser"
    ADAPTER = "adapter"
    EMBEDDING = "textual inversion"
    VAE = "autoencoder"
    TEXT_ENCODER = "text encoder"
    CONTROLNET = "ControlNet"
    IP_ADAPTER = "IP-Adapter"
    MOTION_MODULE = "motion module"
    IMAGE_ENCODER = "image encoder"
    UPSCALER = "upscaler"
    OTHER = "weights of an unknown build"
    POINTER = "Git LFS pointer"
    PAGE = "web page or message"
    INDEX = "index of a model in several files"
    PICKLE = "pickle"
    TRUNCATED = "truncated file"
    DAMAGED = "damaged file"
    EMPTY = "empty file"
    ABSENT = "absent file"
    UNKNOWN = "file of an unknown format"


#: what to do about a file that holds no weights that may be loaded
REMEDIES = {
    Kind.POINTER: "run git lfs pull, or download the file itself",
    Kind.PAGE: "open the address in a browser, sign in or accept the terms, and download the file itself",
    Kind.INDEX: "name the folder or repository that holds the parts, not the index",
    Kind.PICKLE: "pickles can run code and are not loaded; get the .safetensors file of the same model",
    Kind.TRUNCATED: "it did not arrive whole; download it again",
    Kind.DAMAGED: "download it again",
    Kind.EMPTY: "download it again",
    Kind.ABSENT: "put it there, or correct the path",
    Kind.UNKNOWN: "only .safetensors and .gguf are loaded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What was found. Empty or 0 where the file does not say."""

    kind: Kind
    #: bytes
    size: int = 0
    #: "safetensors" or "gguf"
    format: str = ""
    #: a name of families.toml
    family: str = ""
    #: such as "Stable Diffusion XL refiner"
    build: str = ""
    #: how the weights are named: "original" or "diffusers"
    layout: str = ""
    #: of an adapter: "LoRA", "LoHa", "LoKr", "DoRA", "GLoRA", "(IA)³", "OFT" or "full difference"
    adapter: str = ""
    #: of an adapter: who wrote its names, such as "kohya"
    trainer: str = ""
    #: what a checkpoint holds: "denoiser", "vae", "text_encoder" …
    parts: tuple[str, ...] = ()
    #: that the denoiser takes as its input
    channels: int = 0
    #: of those, what a U-Net takes beside the latents: 5 for inpainting, 4 for InstructPix2Pix
    extra_channels: int = 0
    #: the marker of v-prediction is there
    v_prediction: bool = False
    #: the marker of a noise schedule that ends without signal is there
    zero_snr: bool = False
    #: how many numbers
    parameters: int = 0
    #: of most of its numbers, such as "F16" or "Q8_0"
    precision: str = ""
    #: such as "fp8 with scales", which needs other code than plain weights
    quantisation: str = ""
    #: words that call it, as its metadata has them
    triggers: tuple[str, ...] = ()
    #: what is wrong with it, in a few words
    flaw: str = ""

    @property
    def usable(self) -> bool:
        """Whether it holds weights that may be loaded at all."""
        return self.kind not in REMEDIES

    def describe(self) -> str:
        """What it is and, if it cannot be used, what to do, in English and without its name: "a LoRA for …"."""
        if not self.usable:
            flaw = f" ({self.flaw})" if self.flaw else ""
            return f"{_with_article(self.kind)}{flaw}: {REMEDIES[self.kind]}"
        name = self.adapter or (f"{self.kind} alone" if self.kind is Kind.DENOISER else str(self.kind))
        facts = [f"{self.parameters / 1e6:,.1f} million numbers, mostly {self.precision}"]
        if self.trainer:
            facts.append(f"names as {self.trainer} writes them")
        if self.kind is Kind.CHECKPOINT:
            facts.append("holds " + ", ".join(part.replace("_", " ") for part in self.parts))
        facts += [word for word in (self.quantisation, "v-prediction" * self.v_prediction,
                                    "zero terminal SNR" * self.zero_snr) if word]  # fmt: skip
        if self.triggers:
            facts.append("triggers: " + ", ".join(self.triggers))
        build = f" of {self.build}" if self.build else " of an unknown build"
        return f"{_with_article(name)}{'' if self.kind is Kind.OTHER else build} ({'; '.join(facts)})"


def inspect(path: Path) -> ModelFile:
    """What the file is; reads its header and nothing else. Raises nothing that depends on the file's content."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return replace(_looked_at(file, size), size=size)
    except FileNotFoundError:
        return ModelFile(kind=Kind.ABSENT)
    except OSError as error:
        return ModelFile(kind=Kind.UNKNOWN, flaw=error.strerror or str(error))


def inspect_apart(path: Path) -> ModelFile:
    """As inspect, in a process with limits on memory and time, for files from strangers."""
    here = Path(__file__)
    code = f"import sys; sys.path.insert(0, {str(here.parent)!r}); import {here.stem}; {here.stem}.main(sys.argv[1])"
    try:
        # -I and -S: neither the environment nor installed packages are looked at.
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", "-c", code, str(path)],
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={},
        )
        facts = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        return ModelFile(kind=Kind.DAMAGED, flaw="reading its header took too much memory or time")
    facts = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    return ModelFile(**{**facts, "kind": Kind(facts["kind"])})


def main(path: str) -> None:
    """Print what a file is, as JSON; the process's main function."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(asdict(inspect(Path(path)))))


def _looked_at(file: BinaryIO, size: int) -> ModelFile:
    if size == 0:
        return ModelFile(kind=Kind.EMPTY)
    start = file.read(SNIFFED)
    (length,) = struct.unpack("<Q", start[:8].ljust(8, b"\0"))
    headed = start[8:9] == b"{"
    # A length's own bytes may be those with which a pickle or a text begins.
    if not (headed and 2 <= length <= MAX_HEADER) and (kind := _no_model(start)):
        return ModelFile(kind=kind)
    try:
        if start.startswith(b"GGUF"):
            file.seek(4)
            return _gguf(file)
        return _safetensors(file, length, size) if headed else ModelFile(kind=Kind.UNKNOWN)
    except _Truncated as error:
        return ModelFile(kind=Kind.TRUNCATED, flaw=str(error))
    # Numbers and names come from the file: whatever they do to the reading is that file's fault.
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError, MemoryError) as error:
        return ModelFile(kind=Kind.DAMAGED, flaw=str(error)[:200])


class _Truncated(Exception):
    """The file ends before what its header promises."""


def _no_model(start: bytes) -> Kind | None:
    """What a file is that holds no weights, or none that may be loaded, by its first bytes."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"version https://git-lfs"):
        return Kind.POINTER
    if text[:1] == b"<":
        return Kind.PAGE
    if text[:1] == b"{":
        return Kind.INDEX if b"weight_map" in text or b"metadata" in text else Kind.PAGE
    # A zip holds torch's pickle today; bytes 80 02 to 80 05 begin one as it was written before.
    if start.startswith(b"PK\x03\x04") or (start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")):
        return Kind.PICKLE
    return None


def _safetensors(file: BinaryIO, length: int, size: int) -> ModelFile:
    """By https://github.com/huggingface/safetensors: the header's length in 8 bytes, the header, the numbers."""
    if length > MAX_HEADER:
        raise ValueError(f"its header would have {length} bytes")
    if 8 + length > size:
        raise _Truncated(f"{size} bytes, of a header of {length}")
    file.seek(8)
    header = json.loads(file.read(length).decode())
    metadata = header.pop("__metadata__", None) or {}
    if len(header) > MAX_TENSORS:
        raise ValueError(f"it has {len(header)} tensors")
    shapes, numbers, places = _tensors(header)
    end = max((last for _, last in places), default=0)
    if not shapes:
        raise ValueError("it has no weights")
    if 8 + length + end > size:
        raise _Truncated(f"{size} bytes of {8 + length + end}")
    if 8 + length + end < size:
        raise ValueError(f"{size - 8 - length - end} bytes too many at its end")
    if sum(last - first for first, last in places) != end:
        raise ValueError("its weights overlap, or leave gaps")
    return _model(shapes, numbers, "safetensors", {key: value for key, value in metadata.items() if type(value) is str})


def _tensors(
    header: dict[str, Any],
) -> tuple[dict[str, tuple[int, ...]], Counter[str], list[tuple[int, int]]]:
    """The shapes by name, how many numbers there are of each kind, and where each tensor's bytes lie."""
    shapes, numbers, places = {}, Counter[str](), []
    for name, entry in header.items():
        kind, shape, (first, last) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if not all(type(side) is int and side >= 0 for side in (*shape, first, last)):
            raise ValueError(f"the shape or place of {name[:80]} is no row of whole numbers")
        if kind in SAFETENSORS and last - first != prod(shape) * SAFETENSORS[kind]:
            raise ValueError(f"{name[:80]} has another size than its shape says")
        shapes[name] = shape
        places.append((first, last))
        numbers[kind] += prod(shape)
    return shapes, numbers, places


def _gguf(file: BinaryIO) -> ModelFile:
    """By https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3."""
    reader = _Reader(file)
    version, tensors, pairs = reader.number("I"), reader.number("Q"), reader.number("Q")
    if version not in (2, 3) or tensors > MAX_TENSORS or pairs > MAX_TENSORS:
        raise ValueError(f"version {version} with {tensors} tensors and {pairs} values is not known")
    metadata = {}
    for _ in range(pairs):
        key = reader.text()
        value = reader.value(reader.number("I"))
        if isinstance(value, str):
            metadata[key] = value
    shapes, numbers = {}, Counter[str]()
    for _ in range(tensors):
        name, dimensions = reader.text(), reader.number("I")
        if dimensions > 8:
            raise ValueError(f"{name[:80]} has {dimensions} dimensions")
        shapes[name] = tuple(reader.number("Q") for _ in range(dimensions))[::-1]
        numbers[GGML.get(reader.number("I"), "another")] += prod(shapes[name])
        reader.number("Q")
    return _model(shapes, numbers, "gguf", metadata)


class _Reader:
    """Little-endian values from a file, of which no more than MAX_HEADER bytes are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MAX_HEADER

    def bytes(self, count: int) -> bytes:
        if count > self._left:
            raise ValueError("its header is too long")
        self._left -= count
        found = self._file.read(count)
        if len(found) < count:
            raise _Truncated("it ends in its header")
        return found

    def number(self, kind: str) -> int:
        return int(struct.unpack(f"<{kind}", self.bytes(struct.calcsize(f"<{kind}")))[0])

    def text(self) -> str:
        return self.bytes(self.number("Q")).decode(errors="replace")

    def value(self, kind: int) -> object:
        """A text as it is; anything else is passed over."""
        if kind == GGUF_TEXT:
            return self.text()
        if kind != GGUF_ARRAY:
            return self.bytes(GGUF_SIZES[kind])
        inner, count = self.number("I"), self.number("Q")
        if inner in GGUF_SIZES:
            return self.bytes(GGUF_SIZES[inner] * count)
        if inner != GGUF_TEXT:
            raise ValueError("arrays of arrays are not known")
        for _ in range(count):
            self.text()
        return None


def _model(shapes: dict[str, tuple[int, ...]], numbers: Counter[str], form: str, metadata: dict[str, str]) -> ModelFile:
    facts: dict[str, Any] = builds.recognise(shapes, metadata)
    precision = numbers.most_common(1)[0][0] if numbers else ""
    return ModelFile(
        **{**facts, "kind": Kind(facts["kind"])}, format=form, parameters=sum(numbers.values()), precision=precision
    )


def _with_article(noun: str) -> str:
    return noun if noun.startswith("weights") else f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"
