"""The part of a prompt that is too long for a pipeline's text encoders."""

import inspect
from typing import Any

CLIP_TOKENS = 77  # with start and end tokens; CLIP's text encoders have no more positions


def truncated_end(pipeline: Any, prompt: str) -> str:
    """Return the end of a prompt that no text encoder of the pipeline reads; empty if one of them reads all of it.

    Follows diffusers' pipelines: each tokenizer truncates at its own length, those other than CLIP's also at the call's
    max_sequence_length.
    """
    longest, left_out = 0, ""
    for tokenizer in _tokenizers(pipeline):
        tokens = tokenizer(prompt, truncation=False).input_ids
        most = _most(pipeline, tokenizer)
        if len(tokens) <= most:
            return ""
        if most > longest:
            # The last token that is kept is the end token.
            longest, left_out = most, tokenizer.decode(tokens[most - 1 : -1], skip_special_tokens=True)
    return str(left_out).strip()


def _tokenizers(pipeline: Any) -> list[Any]:
    parts = [part for name, part in pipeline.components.items() if name.startswith("tokenizer") and part is not None]
    # Kandinsky 5 calls a processor of pictures and text by that name, which contains the tokenizer.
    return [getattr(part, "tokenizer", part) for part in parts]


def _most(pipeline: Any, tokenizer: Any) -> int:
    if tokenizer.model_max_length <= CLIP_TOKENS:
        return int(tokenizer.model_max_length)
    parameters = inspect.signature(type(pipeline).__call__).parameters
    given = parameters["max_sequence_length"].default if "max_sequence_length" in parameters else None
    return min(int(tokenizer.model_max_length), given) if isinstance(given, int) else int(tokenizer.model_max_length)
