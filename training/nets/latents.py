"""The pool of training pictures, drawn and encoded once."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from ..paths import CENTRED, LATENTS, STEADY, VAE
from ..scenes.artwork import Artwork, Pixels
from ..scenes.canvas import SQUARE, Size
from ..scenes.scene import SIZES, Painter, Scene, Steady, random_scene, scene_of
from .loop import DEVICE, batches
from .vae import to_tensor

POOL, CENTRED_POOL = 24_000, 9_600  # pictures
PART = 400  # pictures of one size, a piece of work for the processes
PROBE = 512  # pictures that the channels' means are taken from
SEED = 3
NORMALISED = 1.0  # the scaling_factor of an autoencoder whose latents need none


Part = tuple[NDArray[np.float16], list[Scene]]


@dataclass(frozen=True)
class Pool:
    """Latents and the scenes that they show, in parts of pictures of one size each.

    Latents have shape (n, 8, height, width), and mean 0 and deviation 1 in each channel.
    """

    parts: list[Part]

    @classmethod
    def load(cls, folder: Path = LATENTS) -> "Pool":
        """Read what make() wrote."""
        return cls([_read(path) for path in sorted(folder.glob("*.npz"))])

    def batch(self, count: int, random: Random) -> tuple[Tensor, list[Scene]]:
        """So many latents of one size in float32, laid out for convolutions, and their scenes."""
        latents, scenes = random.choice(self.parts)
        places = random.choices(range(len(scenes)), k=count)
        picked = torch.from_numpy(latents[places].astype(np.float32))
        return picked.contiguous(memory_format=torch.channels_last), [scenes[place] for place in places]


def _read(path: Path) -> Part:
    with np.load(path) as file:
        return file["latents"], [scene_of(json.loads(str(text))) for text in file["scenes"]]


def make(folder: Path = LATENTS, count: int = POOL) -> None:
    """Draw and encode the pool, what of it is not there yet. Those of STEADY and CENTRED leave nothing to chance.

    A new autoencoder's latents are made of mean 0 and deviation 1 first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{part:04d}.npz" for part in range(count // PART)]
    with get_context("spawn").Pool(2, _begin) as pool:
        if AutoencoderKL.from_pretrained(VAE).config.scaling_factor != NORMALISED:
            normalise(pool.apply(_encode, (-1, PROBE, SQUARE))[0])
    with get_context("spawn").Pool(2, _begin) as pool:
        for _ in pool.imap_unordered(_make_part, [file for file in files if not file.exists()]):
            pass


def _make_part(file: Path) -> None:
    part = int(file.stem)
    shape = Random(f"{SEED} size {part}").choices(list(SIZES), list(SIZES.values()))[0]
    size = SQUARE if file.parent == STEADY else shape
    latents, scenes = _encode(part, PART, size, steady=file.parent in (STEADY, CENTRED))
    new = file.with_suffix(".new")
    with new.open("wb") as opened:
        np.savez(opened, latents=latents, scenes=np.array([json.dumps(asdict(scene)) for scene in scenes]))
    new.replace(file)


def normalise(latents: NDArray[np.float16]) -> None:
    """Fold each channel's mean and deviation into the autoencoder's own 1 x 1 convolutions.

    So its latents need no scaling_factor but 1, and no channel outweighs another in the diffusion.
    """
    vae = AutoencoderKL.from_pretrained(VAE)
    values = torch.from_numpy(latents.astype(np.float32)).transpose(0, 1).flatten(1)
    mean, deviation = values.mean(1), values.std(1)
    channels = len(mean)
    with torch.no_grad():
        quant, post = vae.quant_conv, vae.post_quant_conv
        quant.bias[:channels] -= mean
        quant.bias[:channels] /= deviation
        quant.weight[:channels] /= deviation[:, None, None, None]
        quant.bias[channels:] -= 2 * deviation.log()
        post.bias += (post.weight[:, :, 0, 0] * mean).sum(1)
        post.weight *= deviation[None, :, None, None]
    vae.register_to_config(scaling_factor=NORMALISED)
    vae.save_pretrained(VAE)


def _begin() -> None:
    torch.set_num_threads(1)


def _encode(part: int, count: int, size: Size, *, steady: bool = False) -> Part:
    random = Random(f"{SEED} {part}")
    painter = _painter()
    scenes = [random_scene(random) for _ in range(count)]
    chance = Steady() if steady else random
    return scene_latents([painter.draw(scene, chance, size) for scene in scenes]), scenes


def scene_latents(pictures: list[Pixels]) -> NDArray[np.float16]:
    """Return what the autoencoder makes of pictures of one size."""
    vae = autoencoder()
    with torch.inference_mode():
        encoded = [
            vae.encode(to_tensor(pictures[some]).to(DEVICE)).latent_dist.mean.cpu().numpy()
            for some in batches(len(pictures), 16)
        ]
    return np.concatenate(encoded).astype(np.float16)


@cache
def _painter() -> Painter:
    return Painter(Artwork.load())


@cache
def autoencoder() -> AutoencoderKL:
    """Return the autoencoder as it is trained so far, loaded once."""
    return AutoencoderKL.from_pretrained(VAE).to(DEVICE, memory_format=torch.channels_last)
