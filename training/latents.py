"""The pool of training pictures, drawn and encoded once."""

import json
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor

from .artwork import Artwork
from .loop import batches
from .paths import LATENTS, VAE
from .scene import Painter, Scene, random_scene
from .vae import to_tensor

POOL = 40_000  # pictures
PARTS = 20  # pieces of work for the processes
PROBE = 512  # pictures that the channels' means are taken from
SEED = 3
NORMALISED = 1.0  # the scaling_factor of an autoencoder whose latents need none


@dataclass(frozen=True)
class Pool:
    """Latents of shape (n, 8, 16, 16), of mean 0 and deviation 1 in each channel, and the scenes that they show."""

    latents: NDArray[np.float16]
    scenes: list[Scene]

    @classmethod
    def load(cls) -> "Pool":
        """Read what make() wrote."""
        with np.load(LATENTS) as file:
            scenes = [json.loads(str(text)) for text in file["scenes"]]
            return cls(
                file["latents"],
                [Scene(**{**each, "things": tuple(each["things"]), "place": tuple(each["place"])}) for each in scenes],
            )

    def batch(self, places: list[int]) -> Tensor:
        """Latents in float32, laid out for convolutions."""
        picked = torch.from_numpy(self.latents[places].astype(np.float32))
        return picked.contiguous(memory_format=torch.channels_last)


def make(count: int = POOL) -> None:
    """Draw and encode the pool; a new autoencoder's latents are made of mean 0 and deviation 1 first."""
    if AutoencoderKL.from_pretrained(VAE).config.scaling_factor != NORMALISED:
        with get_context("spawn").Pool(2, _begin) as pool:
            probe, _ = pool.apply(_encode, ((-1, PROBE),))
            normalise(probe)
    with get_context("spawn").Pool(2, _begin) as pool:
        parts = pool.map(_encode, [(part, count // PARTS) for part in range(PARTS)], chunksize=1)
    latents = np.concatenate([latents for latents, _ in parts])
    scenes = [json.dumps(asdict(scene)) for _, drawn in parts for scene in drawn]
    np.savez(LATENTS, latents=latents, scenes=np.array(scenes))


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


def _encode(job: tuple[int, int]) -> tuple[NDArray[np.float16], list[Scene]]:
    part, count = job
    random = Random(f"{SEED} {part}")
    painter = Painter(Artwork.load())
    vae = AutoencoderKL.from_pretrained(VAE).to(memory_format=torch.channels_last)
    scenes = [random_scene(random) for _ in range(count)]
    pictures = [painter.draw(scene, random) for scene in scenes]
    with torch.inference_mode():
        encoded = [vae.encode(to_tensor(pictures[some])).latent_dist.mean.numpy() for some in batches(count, 16)]
    return np.concatenate(encoded).astype(np.float16), scenes
