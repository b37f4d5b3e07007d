"""The part of a prompt that is too long for a pipeline's text encoders."""

import inspect
from collections.abc import Sequence
from typing import Any

CLIP_TOKENS = 77  # with start and end tokens; CLIP's text encoders have no more positions


def truncated_end(pipeline: Any, prompt: str, most: int | None = None) -> str:
    """Return the end of a prompt that no text encoder of the pipeline reads; empty if one of them reads all of it.

    Follows diffusers' pipelines: each tokenizer truncates at its own length, those other than CLIP's also at the call's
    max_sequence_length, which is ``most`` unless that is None.
    """
    longest, left_out = 0, ""
    for tokenizer in _tokenizers(pipeline):
        tokens = tokenizer(prompt, truncation=False).input_ids
        limit = _limit(pipeline, tokenizer, most)
        if len(tokens) <= limit:
            return ""
        if limit > longest:
            # The last token that is kept is the end token.
            longest, left_out = limit, tokenizer.decode(tokens[limit - 1 : -1], skip_special_tokens=True)
    return str(left_out).strip()


def sequence_length(pipeline: Any, texts: Sequence[str], most: int | None) -> int | None:
    """Return the max_sequence_length for prompts of which one is longer than the pipeline usually reads: ``most``.

    None leaves it as it is.
    """
    usual = _usual_length(pipeline)
    if most is None or usual is None:
        return None
    readers = [tokenizer for tokenizer in _tokenizers(pipeline) if tokenizer.model_max_length > CLIP_TOKENS]
    longest = max((len(reads(text, truncation=False).input_ids) for reads in readers for text in texts), default=0)
    return most if longest > usual else None


def _tokenizers(pipeline: Any) -> list[Any]:
    parts = [part for name, part in pipeline.components.items() if name.startswith("tokenizer") and part is not None]
    # Kandinsky 5 calls a processor of pictures and text by that name, which contains the tokenizer.
    return [getattr(part, "tokenizer", part) for part in parts]


def _limit(pipeline: Any, tokenizer: Any, most: int | None) -> int:
    if tokenizer.model_max_length <= CLIP_TOKENS:
        return int(tokenizer.model_max_length)
    given = _usual_length(pipeline) if most is None else most
    return int(tokenizer.model_max_length) if given is None else min(int(tokenizer.model_max_length), given)


def _usual_length(pipeline: Any) -> int | None:
    parameters = inspect.signature(type(pipeline).__call__).parameters
    usual = parameters["max_sequence_length"].default if "max_sequence_length" in parameters else None
    return usual if isinstance(usual, int) else None
