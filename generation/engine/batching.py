"""Several calls of one module as one: what must match, concatenating the arguments, splitting the results.

A row is one entry of the first dimension of a denoiser's batch; with guidance most pipelines take two for a picture.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

BATCHED = ("hidden_states", "sample", "x")  # what denoisers call their first argument

#: prompts that are padded to the longest, and the mask that marks padding
PROMPT, MASK = "encoder_hidden_states", "encoder_hidden_states_mask"

#: positional and by name
Arguments = tuple[Sequence[Any], Mapping[str, Any]]

#: contents of tensors that all rows share; cached, because reading them makes a GPU wait
_contents: Any = WeakIdKeyDictionary()


def rows_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> int:
    """Return how many rows a call has."""
    return len(args[0] if args else next(kwargs[name] for name in BATCHED if name in kwargs))


def signature(args: Sequence[Any], kwargs: Mapping[str, Any], rows: int) -> Hashable:
    """Return what two calls must have in common; calls with equal signatures can be joined."""
    return tuple(_kind(value, rows) for value in args), tuple(
        (name, _padded(kwargs) if name in (PROMPT, MASK) and MASK in kwargs else _kind(value, rows))
        for name, value in sorted(kwargs.items())
    )


def join(calls: Sequence[Arguments], rows: Sequence[int]) -> tuple[list[Any], dict[str, Any]]:
    """Concatenate the arguments of calls; a number such as the timestep becomes one for each row."""
    args = [_cat(values, rows) for values in zip(*(args for args, _ in calls), strict=True)]
    many: Sequence[Mapping[str, Any]] = [kwargs for _, kwargs in calls]
    if MASK in many[0]:
        many = _pad(many)
    return args, {name: _cat([kwargs[name] for kwargs in many], rows) for name in many[0]}


def part(args: Sequence[Any], kwargs: Mapping[str, Any], rows: int, chosen: slice) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call for some of its rows."""

    def of(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: of(inner) for name, inner in value.items()}
        if isinstance(value, tuple):
            return tuple(of(inner) for inner in value)
        by_row = isinstance(value, list) or (torch.is_tensor(value) and value.ndim > 0)
        return value[chosen] if by_row and len(value) == rows else value

    return [of(value) for value in args], {name: of(value) for name, value in kwargs.items()}


def split(output: Any, rows: Sequence[int]) -> list[Any]:
    """Split the result of a joined call into the results of its calls."""
    if torch.is_tensor(output):
        return list(output.split(list(rows)))
    if isinstance(output, list) and len(output) == sum(rows):
        ends = [sum(rows[: place + 1]) for place in range(len(rows))]
        return [output[end - count : end] for end, count in zip(ends, rows, strict=True)]
    if isinstance(output, Mapping):  # diffusers' and transformers' outputs are ordered dicts
        parts = {name: split(value, rows) for name, value in output.items()}
        return [type(output)(**{name: parts[name][place] for name in parts}) for place in range(len(rows))]
    if isinstance(output, (tuple, list)):
        columns = [split(value, rows) for value in output]
        return [type(output)(column[place] for column in columns) for place in range(len(rows))]
    return [output] * len(rows)


def gather(outputs: Sequence[Any]) -> Any:
    """Concatenate the results of the parts of a call."""
    first = outputs[0]
    if torch.is_tensor(first):
        return torch.cat(list(outputs))
    if isinstance(first, Mapping):
        return type(first)(**{name: gather([output[name] for output in outputs]) for name in first})
    if isinstance(first, tuple):
        return tuple(gather(column) for column in zip(*outputs, strict=True))
    if isinstance(first, list):
        return [row for output in outputs for row in output]
    return first


def _kind(value: Any, rows: int) -> Hashable:
    if torch.is_tensor(value):
        if _is_number(value, rows):
            return "number"  # whatever its dtype: schedulers count in integers or not, denoisers in floats
        if value.shape[0] == rows:
            return "rows", value.shape[1:], value.dtype
        return "shared", value.shape, _content(value)
    if isinstance(value, dict):
        return tuple((name, _kind(inner, rows)) for name, inner in sorted(value.items()))
    if isinstance(value, tuple):
        return "tuple", tuple(_kind(inner, rows) for inner in value)
    if isinstance(value, list) and len(value) == rows:
        return "list", _common(value)
    return "same", repr(value)


def _common(values: Sequence[Any]) -> Hashable:
    """Return what the elements of a list, one for each row, must have in common; tensors may differ in length."""
    first = values[0]
    if all(torch.is_tensor(value) for value in values):
        kinds = {(value.shape[1:], value.dtype) for value in values}
        return kinds.pop() if len(kinds) == 1 else id(values)
    # Lists of lists of tensors are not supported: they join with nothing.
    return repr(first) if all(value == first for value in values) and "tensor" not in repr(first) else id(values)


def _is_number(value: torch.Tensor, rows: int) -> bool:
    """Whether it is one number for all rows, or one for each, such as the timestep."""
    return value.ndim == 0 or (value.ndim == 1 and len(value) in (1, rows))


def _content(value: torch.Tensor) -> bytes:
    if value not in _contents:
        _contents[value] = value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    content: bytes = _contents[value]
    return content


def _cat(values: Sequence[Any], rows: Sequence[int]) -> Any:
    first = values[0]
    if torch.is_tensor(first):
        if _is_number(first, rows[0]):
            return torch.cat([value.reshape(-1).expand(count) for value, count in zip(values, rows, strict=True)])
        return torch.cat(list(values)) if len(first) == rows[0] else first
    if isinstance(first, dict):
        return {name: _cat([value[name] for value in values], rows) for name in first}
    if isinstance(first, tuple):
        return tuple(_cat(inner, rows) for inner in zip(*values, strict=True))
    if isinstance(first, list) and len(first) == rows[0]:
        return [row for value in values for row in value]
    return first


def _padded(kwargs: Mapping[str, Any]) -> Hashable:
    return "padded", kwargs[PROMPT].shape[2:], kwargs[PROMPT].dtype


def _pad(many: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Pad prompts to the longest, with masks; unchanged if all are equally long and nothing is masked."""
    lengths = [kwargs[PROMPT].shape[1] for kwargs in many]
    if len(set(lengths)) == 1 and all(kwargs[MASK] is None for kwargs in many):
        return [dict(kwargs) for kwargs in many]
    padded = []
    for kwargs, length in zip(many, lengths, strict=True):
        prompt, mask = kwargs[PROMPT], kwargs[MASK]
        if mask is None:
            mask = torch.ones(prompt.shape[:2], dtype=torch.bool, device=prompt.device)
        more = max(lengths) - length
        pad: Callable[..., Any] = torch.nn.functional.pad
        padded.append({**kwargs, PROMPT: pad(prompt, (0, 0, 0, more)), MASK: pad(mask.bool(), (0, more))})
    return padded
