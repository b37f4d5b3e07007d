"""Prompts with weights, breaks and textual inversions, and long ones in chunks, for pipelines with CLIP encoders.

The syntax is Automatic1111's and the arithmetic ComfyUI's: each chunk of 75 tokens is encoded by itself, and a token's
weight moves its hidden state away from, or towards, that of an empty prompt. (Automatic1111 multiplies the states and
restores their mean, which divides by nearly zero with encoders whose states have none; compel, the library for this,
encodes once more for each word below 1.) A prompt without any of this never comes here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from ..prompt_syntax import is_weighted, parse

#: what a textual inversion calls the vectors of each encoder: ComfyUI's XL files, and everybody's of one encoder
KEYS = {"text_encoder": ("clip_l", "emb_params"), "text_encoder_2": ("clip_g",)}


@dataclass(frozen=True)
class Inversion:
    """A textual inversion: the word that stands for it, and its vectors (tokens, width) for each encoder."""

    word: str
    vectors: Mapping[str, torch.Tensor]

    @classmethod
    def load(cls, path: Path, word: str) -> "Inversion":
        """Read a file. Raises ValueError if it has no finite vectors."""
        tensors = load_file(path)
        vectors = {}
        for encoder, keys in KEYS.items():
            tensor = next((tensors[key] for key in keys if key in tensors), None)
            if tensor is None and encoder == "text_encoder" and len(tensors) == 1:
                (tensor,) = tensors.values()
            if tensor is not None:
                vectors[encoder] = tensor.reshape(-1, tensor.shape[-1])
        if not vectors or not all(torch.isfinite(each.float()).all() for each in vectors.values()):
            raise ValueError(f"{path} holds no vectors that can be used")
        return cls(word, vectors)


@dataclass
class _Tokens:
    """A chunk: ids, weights, and the vectors that stand at some places instead of ids."""

    ids: list[int]
    weights: list[float]
    vectors: dict[int, torch.Tensor]


def encoded(pipeline: Any, arguments: dict[str, Any], inversions: Sequence[Inversion]) -> dict[str, Any]:
    """The pipeline's arguments with embeddings in place of prompts, if one of the prompts needs that; else as they are.

    ``prompt`` and ``negative_prompt`` are lists of one text.
    """
    encoders = [name for name in ("text_encoder", "text_encoder_2") if getattr(pipeline, name, None) is not None]
    prompts = {key: arguments[key][0] for key in ("prompt", "negative_prompt") if key in arguments}
    if not any(_needs(pipeline, encoders, text, inversions) for text in prompts.values()):
        return arguments
    chunked = {
        name: {key: _chunks(_tokenizer(pipeline, name), name, text, inversions) for key, text in prompts.items()}
        for name in encoders
    }
    most = max(len(chunks) for texts in chunked.values() for chunks in texts.values())
    made = {key: value for key, value in arguments.items() if key not in prompts}
    for key in prompts:
        states, pooled = [], None
        for name in encoders:
            chunks = chunked[name][key]
            chunks += [_Tokens([], [], {}) for _ in range(most - len(chunks))]  # as long as the other prompt
            hidden, pooled = _encode(pipeline, name, chunks, penultimate=hasattr(pipeline, "text_encoder_2"))
            states.append(hidden)
        made[f"{key}_embeds"] = torch.cat(states, dim=-1)
        if hasattr(pipeline, "text_encoder_2"):
            made[f"{'negative_' if key != 'prompt' else ''}pooled_prompt_embeds"] = pooled
    return made


def _needs(pipeline: Any, encoders: Sequence[str], text: str, inversions: Sequence[Inversion]) -> bool:
    if is_weighted(text) or any(each.word.lower() in text.lower() for each in inversions):
        return True
    return any(
        len(_tokenizer(pipeline, name)(text, truncation=False).input_ids) > _tokenizer(pipeline, name).model_max_length
        for name in encoders
    )


def _tokenizer(pipeline: Any, encoder: str) -> Any:
    return getattr(pipeline, encoder.replace("text_encoder", "tokenizer"))


def _chunks(tokenizer: Any, encoder: str, text: str, inversions: Sequence[Inversion]) -> list[_Tokens]:
    """The prompt's tokens in chunks that fit the encoder beside its two marks, at least one."""
    room = tokenizer.model_max_length - 2
    chunks: list[_Tokens] = []
    for parts in parse(text):
        chunk = _Tokens([], [], {})
        chunks.append(chunk)
        for words, weight in parts:
            for piece in _pieces(tokenizer, encoder, words, inversions):
                size = len(piece)
                if len(chunk.ids) + size > room:
                    chunk = _Tokens([], [], {})
                    chunks.append(chunk)
                for one in piece[:room]:
                    if isinstance(one, torch.Tensor):
                        chunk.vectors[len(chunk.ids)] = one
                    chunk.ids.append(tokenizer.eos_token_id if isinstance(one, torch.Tensor) else one)
                    chunk.weights.append(weight)
    return chunks


def _pieces(tokenizer: Any, encoder: str, words: str, inversions: Sequence[Inversion]) -> list[list[Any]]:
    """The tokens of words, those that must stay together in one list: a token's id, or an inversion's vectors."""
    pieces: list[list[Any]] = []
    rest = words
    while rest:
        places = [(rest.lower().find(each.word.lower()), each) for each in inversions]
        place, found = min(
            (each for each in places if each[0] >= 0), key=lambda each: each[0], default=(len(rest), None)
        )
        ids = tokenizer(rest[:place], add_special_tokens=False).input_ids if rest[:place].strip() else []
        pieces += [[token] for token in ids]
        if found is not None and encoder in found.vectors:
            pieces.append(list(found.vectors[encoder]))
        rest = rest[place + len(found.word) :] if found else ""
    return pieces


def _encode(pipeline: Any, name: str, chunks: Sequence[_Tokens], *, penultimate: bool) -> tuple[torch.Tensor, Any]:
    """Hidden states (1, tokens, width) of all chunks, and the first one's pooled ones."""
    encoder, tokenizer = getattr(pipeline, name), _tokenizer(pipeline, name)
    most, states = tokenizer.model_max_length, []
    pooled = empty = None
    for chunk in chunks:
        ids = _ids(tokenizer, chunk.ids, encoder.device)
        output = _with_vectors(encoder, ids, {place + 1: vector for place, vector in chunk.vectors.items()})
        hidden = _states(output, penultimate=penultimate)
        if pooled is None:
            pooled = output[0]
        if any(weight != 1 for weight in chunk.weights):
            if empty is None:
                empty = _states(
                    _with_vectors(encoder, _ids(tokenizer, [], encoder.device), {}), penultimate=penultimate
                )
            weights = torch.ones(most, device=hidden.device, dtype=hidden.dtype)
            weights[1 : 1 + len(chunk.ids)] = torch.tensor(chunk.weights).to(weights)
            hidden = empty + (hidden - empty) * weights[None, :, None]
        states.append(hidden)
    return torch.cat(states, dim=1), pooled


def _ids(tokenizer: Any, ids: Sequence[int], device: torch.device) -> torch.Tensor:
    """The ids between the encoder's two marks, padded, of shape (1, tokens)."""
    padding = [tokenizer.pad_token_id] * (tokenizer.model_max_length - 2 - len(ids))
    return torch.tensor([[tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *padding]], device=device)


def _states(output: Any, *, penultimate: bool) -> torch.Tensor:
    """The hidden states that pipelines use: the last, or XL's last but one."""
    states: torch.Tensor = output.hidden_states[-2] if penultimate else output[0]
    return states


def _with_vectors(encoder: Any, ids: torch.Tensor, vectors: Mapping[int, torch.Tensor]) -> Any:
    """The encoder's output for ids, with vectors in the places of some."""
    if not vectors:
        return encoder(ids, output_hidden_states=True)

    def put(_: Any, inputs: Sequence[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        # While this call waits for its turn, others use the same module: they are left as they are.
        if inputs[0].data_ptr() != ids.data_ptr():
            return output
        output = output.clone()
        for place, vector in vectors.items():
            output[:, place] = vector.to(output)
        return output

    hook = encoder.get_input_embeddings().register_forward_hook(put)
    try:
        return encoder(ids, output_hidden_states=True)
    finally:
        hook.remove()
