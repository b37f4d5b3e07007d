"""The autoencoder: 128 x 128 pictures to 16 x 16 latents of 8 channels and back."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from ..paths import VAE
from ..scenes.artwork import SIDE, Artwork, Pixels, load_sheet, save_sheet
from ..scenes.canvas import PALETTE, blank, jittered, outlined, paste
from ..scenes.things import load_things
from .loop import DEVICE, Stage, autocast

CHANNELS = 8
HELD_OUT_SHEET = Path(__file__).parent / "held_out.png"
SHEET = (8, 8)  # columns and rows of drawings
CROP, CROPS, WHOLES = 64, 8, 2  # pixels; pictures in a batch
WHOLE_FROM = 0.85  # share of the way after which it sees whole pictures
HELD_OUT = 10  # of the drawings that are none of the things, every tenth is for measuring
CONFIG: dict[str, Any] = {
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (16, 32, 64, 128),
    "layers_per_block": 1,
    "latent_channels": CHANNELS,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "sample_size": SIDE,
}


def held_out(artwork: Artwork) -> list[int]:
    """Drawings that the autoencoder does not see in training: all styles of some emoji that are no things."""
    ours = {thing.code for thing in load_things()}
    others = sorted({code for code in artwork.codes if code not in ours})
    chosen = set(others[::HELD_OUT])
    return [place for place, code in enumerate(artwork.codes) if code in chosen]


def to_tensor(pictures: list[Pixels]) -> Tensor:
    """Pictures of shape (height, width, 3), 0 to 255, as (n, 3, height, width) from -1 to 1."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return stacked.contiguous(memory_format=torch.channels_last)


def stage(steps: int) -> Stage:
    """Return the autoencoder's training."""
    return Stage("vae", steps, lr=1.2e-3, seed=1, prepare=_prepare, save=_save, decay=0.995)


def _prepare() -> tuple[nn.Module, Any]:
    artwork = Artwork.load()
    unseen = set(held_out(artwork))
    seen = [place for place in range(len(artwork.codes)) if place not in unseen]
    model = AutoencoderKL(**CONFIG).to(DEVICE, memory_format=torch.channels_last)

    def picture(random: Random) -> Pixels:
        colour = random.choice(list(PALETTE))
        free = (random.uniform(0, 255), random.uniform(0, 255), random.uniform(0, 255))
        canvas = blank(jittered(colour, random) if random.random() < 0.7 else free)
        for _ in range(random.choice([1, 1, 2])):
            drawing = artwork.pixels[random.choice(seen)]
            if random.random() < 0.2:
                drawing = outlined(drawing)
            if random.random() < 0.5:
                drawing = drawing[:, ::-1]
            paste(canvas, drawing, random.uniform(0.2, 0.8), random.uniform(0.2, 0.8), random.uniform(0.35, 1.1))
        return canvas.astype(np.uint8)

    def batch(random: Random, share: float) -> Tensor:
        if share >= WHOLE_FROM:
            return to_tensor([picture(random) for _ in range(WHOLES)])
        crops = []
        for _ in range(CROPS):
            whole = picture(random)
            for _ in range(3):
                top, left = random.randrange(SIDE - CROP + 1), random.randrange(SIDE - CROP + 1)
                crop = whole[top : top + CROP, left : left + CROP]
                if crop[::4, ::4].std() > 12:
                    break
            crops.append(crop)
        return to_tensor(crops)

    def loss_of(random: Random, share: float) -> Tensor:
        x = batch(random, share).to(DEVICE)
        with autocast(wanted=share < WHOLE_FROM):
            posterior = model.encode(x).latent_dist
            y = model.decode(posterior.sample()).sample
        y = y.float()
        kl = posterior.kl().mean() / (CHANNELS * x.shape[-1] * x.shape[-2] / 64)
        return distance(y, x) + 1e-4 * kl

    return model, loss_of


def distance(y: Tensor, x: Tensor) -> Tensor:
    """L1 for clean areas, squares for the worst places, gradients for sharp edges, and coarse colour."""
    loss = (y - x).abs().mean() + 3 * functional.mse_loss(y, x)
    loss = loss + 0.5 * (_gradient(y) - _gradient(x)).abs().mean()
    return loss + 0.5 * (functional.avg_pool2d(y, 8) - functional.avg_pool2d(x, 8)).abs().mean()


def _gradient(x: Tensor) -> Tensor:
    across = x[..., 1:, :-1] - x[..., :-1, :-1]
    down = x[..., :-1, 1:] - x[..., :-1, :-1]
    return torch.cat([across, down], 1)


def _save(model: nn.Module, step: int) -> None:
    model.save_pretrained(VAE)
    print(f"vae: step {step}, held-out reconstruction {reconstruction_psnr(model):.2f} dB", flush=True)


def save_held_out() -> None:
    """Write some of the held-out drawings as one picture, so that they can be measured without the packages."""
    artwork = Artwork.load()
    places = Random(7).sample(held_out(artwork), SHEET[0] * SHEET[1])
    save_sheet([artwork.pixels[place] for place in places], SHEET[0], HELD_OUT_SHEET)


def reconstruction_psnr(vae: Any) -> float:
    """Mean PSNR in dB of held-out drawings at 128 x 128 on coloured backgrounds, from the posterior's mean."""
    random = Random(7)
    pictures = []
    for drawing in load_sheet(HELD_OUT_SHEET, SIDE):
        canvas = blank(jittered(random.choice(list(PALETTE)), random))
        paste(canvas, drawing, 0.5, 0.5, 0.85)
        pictures.append(canvas.astype(np.uint8))
    values = []
    with torch.inference_mode():
        for start in range(0, len(pictures), 16):
            x = to_tensor(pictures[start : start + 16]).to(vae.device)
            y = vae.decode(vae.encode(x).latent_dist.mean).sample.clamp(-1, 1)
            values.append(10 * torch.log10(4 / (y - x).square().mean((1, 2, 3))))
    return float(torch.cat(values).mean())
