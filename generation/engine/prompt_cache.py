"""A cache of encoded prompts: variations and pictures made again do not run the text encoders."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import torch
from PIL import Image

BUDGET = 256 * 2**20  # bytes of the device's memory
MOST = 256  # prompts: repeats come soon, and a small model's prompts would fill the budget for days


class Prompts:
    """The newest results of pipelines' ``encode_prompt``, on the device: copying them would make a GPU wait."""

    def __init__(self, budget: int = BUDGET) -> None:
        """``budget`` is in bytes."""
        self._budget = budget
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0
        self.hits = self.misses = 0

    def watch(self, pipeline: Any, model: Hashable) -> None:
        """Have a pipeline object look here first. ``model`` identifies all that its text encoders depend on."""
        encode = getattr(pipeline, "encode_prompt", None)
        if encode is not None:
            pipeline.encode_prompt = self._remembering(encode, (type(pipeline).__name__, model))

    def _remembering(self, encode: Callable[..., Any], model: Hashable) -> Callable[..., Any]:
        def encode_prompt(*args: Any, **kwargs: Any) -> Any:
            try:
                key = (model, _key(args), _key(kwargs))
            except TypeError:
                return encode(*args, **kwargs)
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return _copied(self._kept[key])
            self.misses += 1
            made = encode(*args, **kwargs)
            self._keep(key, made)
            return made

        return encode_prompt

    def _keep(self, key: Hashable, made: Any) -> None:
        size = sum(tensor.nbytes for tensor in _tensors(made))
        if size > self._budget:
            return
        self._kept[key] = _copied(made)
        self._bytes += size
        while self._bytes > self._budget or len(self._kept) > MOST:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= sum(tensor.nbytes for tensor in _tensors(gone))


def _key(value: Any) -> Hashable:
    """Return an argument's value as a key. Raises TypeError if its type has none."""
    if value is None or isinstance(value, (str, int, float, torch.device, torch.dtype)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(_key(each) for each in value)
    if isinstance(value, dict):
        return tuple((name, _key(each)) for name, each in sorted(value.items()))
    if isinstance(value, Image.Image):
        return value.size, hashlib.sha256(value.tobytes()).digest()
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), hashlib.sha256(value.cpu().float().contiguous().numpy().tobytes()).digest()
    raise TypeError(type(value).__name__)


def _tensors(made: Any) -> list[torch.Tensor]:
    if isinstance(made, torch.Tensor):
        return [made]
    return [tensor for each in made for tensor in _tensors(each)] if isinstance(made, (list, tuple)) else []


def _copied(made: Any) -> Any:
    """Return a copy, so that callers may change their tensors in place."""
    if isinstance(made, torch.Tensor):
        return made.clone()
    return type(made)(_copied(each) for each in made) if isinstance(made, (list, tuple)) else made
