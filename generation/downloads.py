"""Models of the hub on this machine's disk: downloaded ahead, verified, removed. Blocks; needs no torch.

Files lie in the cache of huggingface_hub, where the engine's libraries look for them too; the environment variables
HF_HOME (where that is), HF_TOKEN and HF_ENDPOINT are its own.
"""

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .catalogue_files import SAFE
from .errors import HubError, ModelError
from .model_file import base_of, inspect_apart, lacks
from .pins import Pin, PinnedFile
from .repository_files import INDEX, is_weights, needed
from .types import LoraSpec, ModelSpec

CHUNK = 2**20  # bytes
TIMEOUT = 20.0  # seconds for an answer of the hub


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with a file on the disk."""

    name: str
    #: absent | size | content
    kind: str


def is_of_hub(spec: ModelSpec | LoraSpec) -> bool:
    """Whether the model has to be fetched, rather than lying in a folder or coming with a package."""
    return "/" in spec.source and not Path(spec.source).is_absolute()


def folder() -> Path:
    """Return where downloaded models lie: HF_HUB_CACHE, or the folder "hub" in HF_HOME."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def has_token() -> bool:
    """Whether there is a token for the hub, in HF_TOKEN or from "hf auth login"."""
    import huggingface_hub

    return bool(huggingface_hub.get_token())


def look_up(spec: ModelSpec | LoraSpec) -> Pin:
    """Return the newest commit of the model's repository (or the one that its entry names) and the files it needs.

    Raises ModelError if the hub cannot be reached, or has no file that may be loaded.
    """
    import huggingface_hub

    with _spoken(spec.source):
        api = huggingface_hub.HfApi()
        info = api.model_info(spec.source, revision=spec.revision, files_metadata=True, timeout=TIMEOUT)
    siblings = {file.rfilename: file for file in info.siblings or ()}
    names = _of_index(spec, needed(list(siblings), spec.file, getattr(spec, "variant", None)), info.sha)
    if not any(name.endswith(SAFE) for name in names):
        raise ModelError(
            "{source} has no weights as .safetensors that fit its entry; other formats are not loaded.",
            source=spec.source,
        )

    def pinned(name: str) -> PinnedFile:
        file = siblings[name]
        return PinnedFile(name=name, size=file.size or 0, sha256=file.lfs.sha256 if file.lfs else None)

    return Pin(source=spec.source, revision=info.sha or "", files=tuple(map(pinned, names)))


def _of_index(spec: ModelSpec | LoraSpec, names: Sequence[str], revision: str | None) -> list[str]:
    """Of a pipeline's files those of the folders that its index names: makers put other things beside them."""
    import huggingface_hub

    if INDEX not in names:
        return list(names)
    with _spoken(spec.source):
        path = huggingface_hub.hf_hub_download(spec.source, INDEX, revision=revision)
    folders = json.loads(Path(path).read_text(encoding="utf-8"))
    return [name for name in names if "/" not in name or name.partition("/")[0] in folders]


def chosen_file(spec: ModelSpec | LoraSpec, *, offline: bool) -> Path:
    """Return the path of the one file that a model or LoRA is in, by the same choice as look_up's.

    Downloads it unless ``offline``; a file at a recorded commit is not asked for again. Raises ModelError if there is
    none, and what the hub's client raises.
    """
    import huggingface_hub

    source = Path(spec.source)
    if source.is_absolute():
        return source if source.is_file() else _within(source, spec)
    if offline or spec.revision:
        try:
            folder = huggingface_hub.snapshot_download(spec.source, revision=spec.revision, local_files_only=True)
            return _within(Path(folder), spec)
        except (ModelError, OSError):
            if offline:
                raise
    names = [spec.file] if spec.file else huggingface_hub.HfApi().list_repo_files(spec.source, revision=spec.revision)
    name = _only(spec, needed(names, spec.file, None))
    return Path(huggingface_hub.hf_hub_download(spec.source, name, revision=spec.revision))


def base_folder(
    source: str, revision: str | None, variant: str | None, wanted: Callable[[str], bool], *, offline: bool
) -> Path:
    """Return the folder of a checkpoint in diffusers' layout: configurations, and weights of the parts ``wanted``.

    Downloads it unless ``offline``. Raises what the hub's client raises.
    """
    import huggingface_hub

    if Path(source).is_absolute():
        return Path(source)
    if offline:
        return Path(huggingface_hub.snapshot_download(source, revision=revision, local_files_only=True))
    names = needed(huggingface_hub.HfApi().list_repo_files(source, revision=revision), None, variant)
    kept = [name for name in names if not is_weights(name) or wanted(name.partition("/")[0])]
    return Path(huggingface_hub.snapshot_download(source, revision=revision, allow_patterns=kept))


def autoencoder_folder(source: str, *, offline: bool) -> Path:
    """Return the folder of an autoencoder that an entry names; downloads it unless ``offline``."""
    import huggingface_hub

    if Path(source).is_absolute():
        return Path(source)
    name, _, revision = source.partition("@")
    wanted = ["config.json", "*.safetensors"]
    found = huggingface_hub.snapshot_download(
        name, revision=revision or None, allow_patterns=wanted, local_files_only=offline
    )
    return Path(found)


def fetch_rest(spec: ModelSpec) -> list[str]:
    """Bring what the model's own repository lacks: parts of its base, and the autoencoder that its entry names.

    Its own files must be here. Returns where that came from. Raises ModelError if it fails.
    """
    fetched = []
    if spec.file or spec.source.endswith(SAFE):
        with _spoken(spec.source):
            found = inspect_apart(chosen_file(spec, offline=True))
        if base := spec.base or base_of(found):
            source, _, revision = base.partition("@")
            with _spoken(source):
                base_folder(source, revision or None, spec.variant, lambda part: lacks(found, part), offline=False)
            fetched.append(source)
    if spec.vae:
        with _spoken(spec.vae):
            autoencoder_folder(spec.vae, offline=False)
        fetched.append(spec.vae)
    return fetched


def _within(folder: Path, spec: ModelSpec | LoraSpec) -> Path:
    path = folder / _only(
        spec, [spec.file] if spec.file else needed([each.name for each in folder.iterdir()], None, None)
    )
    if not path.exists():
        raise FileNotFoundError(f"{path} is absent")
    return path


def _only(spec: ModelSpec | LoraSpec, names: Sequence[str]) -> str:
    if not names or not names[0].endswith(SAFE):
        raise ModelError(
            "{source} has no weights as .safetensors that fit its entry; other formats are not loaded.",
            source=spec.source,
        )
    return names[0]


def fetch(pin: Pin) -> None:
    """Bring the pinned files onto the disk, each with a progress bar on stderr; what is there already is kept.

    Raises ModelError if the disk has not enough room, or it fails; the next call continues with what has arrived.
    """
    import huggingface_hub

    _check_room(pin)
    with _spoken(pin.source):
        for file in pin.files:
            huggingface_hub.hf_hub_download(pin.source, file.name, revision=pin.revision)


def _check_room(pin: Pin) -> None:
    """Raise ModelError if what is still to come is more than the disk has free."""
    absent = sum(file.size for file in pin.files if _flaw(pin, file, thorough=False))
    there = next(path for path in (folder(), *folder().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if absent > free:
        raise ModelError(
            "{source} needs {size} GB, and {folder} has {free} GB free; free some, or set HF_HOME to a larger disk.",
            source=pin.source, size=round(absent / 1e9, 1), folder=str(folder()), free=round(free / 1e9, 1),
        )  # fmt: skip


def where(pin: Pin, file: PinnedFile) -> Path | None:
    """Return where the file is on disk; None if it is not."""
    import huggingface_hub

    found = huggingface_hub.try_to_load_from_cache(pin.source, file.name, revision=pin.revision)
    return Path(found) if isinstance(found, str) else None


def present(pin: Pin) -> bool:
    """Whether all files are there, in their sizes."""
    return not any(_flaw(pin, file, thorough=False) for file in pin.files)


def verify(pin: Pin) -> Iterator[Flaw]:
    """Yield the flaws of the files on disk: missing, wrong size, or wrong content if the hub reported a hash."""
    return (flaw for file in pin.files if (flaw := _flaw(pin, file, thorough=True)))


def remove(pin: Pin) -> int:
    """Delete the pinned commit's files; the bytes that became free."""
    import huggingface_hub

    cache = huggingface_hub.scan_cache_dir()
    repos = [repo for repo in cache.repos if repo.repo_id == pin.source and repo.repo_type == "model"]
    revisions = [revision.commit_hash for repo in repos for revision in repo.revisions]
    strategy = cache.delete_revisions(*(revision for revision in revisions if revision == pin.revision))
    strategy.execute()
    return strategy.expected_freed_size


def _flaw(pin: Pin, file: PinnedFile, *, thorough: bool) -> Flaw | None:
    path = where(pin, file)
    if path is None or not path.exists():
        return Flaw(name=file.name, kind="absent")
    if path.stat().st_size != file.size:
        return Flaw(name=file.name, kind="size")
    if thorough and file.sha256 and sha256(path) != file.sha256:
        return Flaw(name=file.name, kind="content")
    return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as data:
        while chunk := data.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _spoken(source: str) -> Iterator[None]:
    """Turn what the hub's client raises into sentences for the operator."""
    from huggingface_hub import constants, errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelError(
            "{source} wants its terms accepted: do so on {endpoint}/{source}, and set HF_TOKEN to a token of yours.",
            source=source, endpoint=constants.ENDPOINT,
        ) from error  # fmt: skip
    except (
        errors.HFValidationError,
        errors.RepositoryNotFoundError,
        errors.RevisionNotFoundError,
        errors.RevisionResolutionError,
        errors.RemoteEntryNotFoundError,
    ) as error:
        raise ModelError(
            "{source} is not on the hub {endpoint}, or HF_TOKEN does not open it.",
            source=source, endpoint=constants.ENDPOINT,
        ) from error  # fmt: skip
    except (errors.HTTPError, OSError) as error:  # type: ignore[attr-defined]  # of the HTTP client that it uses
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise ModelError("The disk is full; {source} did not arrive whole.", source=source) from error
        raise HubError(
            "The hub {endpoint} cannot be reached for {source}; look at the network or HF_ENDPOINT, and try again.",
            source=source, endpoint=constants.ENDPOINT,
        ) from error  # fmt: skip
