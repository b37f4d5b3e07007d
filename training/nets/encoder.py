"""The text encoder, taught first to say what the picture looks like.

Learning hundreds of drawings through the noise of diffusion is the slow way. So the encoder learns, by plain
regression, to predict the latents of the picture that a caption describes: its last sixteen tokens stand for the
sixteen squares of a 4 x 4 grid over the picture, and say in sixteen of their numbers which square they are. The U-Net
then finds there what belongs where.
"""

from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel

from ..paths import STEADY, TEXT_ENCODER
from ..scenes.caption import caption
from . import tokens
from .latents import Pool
from .loop import DEVICE, Stage, autocast
from .vae import CHANNELS

WIDTH, LAYERS, HEADS = 256, 4, 8
GRID, CELL = 4, 4  # squares along a side; latents along a square's side
BATCH = 48
LOUD = 4.0  # of the number that says which square a token is; without it attention hardly finds the square
INDEX_WEIGHT = 0.2


def stage(steps: int) -> Stage:
    """Return the encoder's training."""
    return Stage("encoder", steps, lr=1e-3, seed=4, prepare=_prepare, save=_save, decay=0.995)


def blank_encoder(tokenizer: Any) -> CLIPTextModel:
    """Return a CLIP text encoder with random weights, for our tokenizer."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=tokens.LENGTH,
        hidden_act="gelu",
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def ids_of(tokenizer: Any, captions: list[str]) -> Tensor:
    """Token ids of shape (n, 48), padded as the pipelines pad."""
    coded = tokenizer(captions, padding="max_length", max_length=tokens.LENGTH, truncation=True, return_tensors="pt")
    ids: Tensor = coded.input_ids
    return ids


def cells(latents: Tensor) -> Tensor:
    """Latents of shape (n, 8, 16, 16) as the 16 squares of the grid, row by row: (n, 16, 128)."""
    n = len(latents)
    split = latents.reshape(n, CHANNELS, GRID, CELL, GRID, CELL).permute(0, 2, 4, 1, 3, 5)
    return split.reshape(n, GRID * GRID, CHANNELS * CELL * CELL)


def _prepare() -> tuple[nn.Module, Any]:
    pool, tokenizer = Pool.load(STEADY), tokens.load()
    model = nn.ModuleDict({"encoder": blank_encoder(tokenizer), "head": nn.Linear(WIDTH, CHANNELS * CELL * CELL)})
    model.to(DEVICE)

    squares = torch.zeros(1, tokens.LENGTH, GRID * GRID, device=DEVICE)
    squares[0, -GRID * GRID :] = LOUD * torch.eye(GRID * GRID)

    def loss_of(random: Random, _share: float) -> Tensor:
        latents, scenes = pool.batch(BATCH, random)
        ids = ids_of(tokenizer, [caption(scene, random) for scene in scenes]).to(DEVICE)
        with autocast():
            hidden = model["encoder"](ids).last_hidden_state
            said = model["head"](hidden[:, -GRID * GRID :])
        named = functional.mse_loss(hidden[..., : GRID * GRID].float(), squares.expand(BATCH, -1, -1))
        return functional.mse_loss(said.float(), cells(latents.to(DEVICE))) + INDEX_WEIGHT * named

    return model, loss_of


def _save(model: nn.Module, _step: int) -> None:
    model["encoder"].save_pretrained(TEXT_ENCODER)
