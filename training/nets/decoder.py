"""The decoder, taught last to put right what the U-Net blurs.

Latents of a scene are noised, and denoised by the U-Net as members' pictures are; from what comes out the decoder must
give the scene's artwork: crisp edges, flat grounds.
"""

from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextModel

from ..paths import DENOISED, TEXT_ENCODER, UNET, VAE
from ..scenes.artwork import Artwork, Pixels
from ..scenes.caption import caption
from ..scenes.scene import Painter, random_scene
from . import tokens
from .encoder import ids_of
from .latents import scene_latents
from .loop import DEVICE, Stage, batches
from .pipeline import defaults
from .unet import scheduler
from .vae import distance, to_tensor

PARTS, PART = 6, 100  # pieces of work for the processes, and pictures in each
STEPS_LEFT = (1, 2, 3, 4)  # of the usual number, for which a scene is denoised: after more it is another picture
TOGETHER = 10
CROP, CROPS, WHOLES = 8, 8, 2  # latents of a crop's side; crops or pictures in a batch
EDGE = 6  # pixels along a crop's edges that do not count: the rest of the picture would tell them
WHOLE_FROM = 0.6  # share of the way after which it sees whole pictures
CLEAN = 0.25  # share of latents that no U-Net touched, so that reconstruction stays
SEED = 8


def stage(steps: int) -> Stage:
    """Return the decoder's training; the encoder stays, and so does what the U-Net learnt."""
    return Stage("decoder", steps, lr=4e-4, seed=7, prepare=_prepare, save=_save, decay=0.99, muon=False, warm_up=40)


def make() -> None:
    """Draw, encode, noise and denoise scenes; what is there already stays."""
    DENOISED.mkdir(parents=True, exist_ok=True)
    left = [part for part in range(PARTS) if not _file(part).exists()]
    with get_context("spawn").Pool(2, _begin) as pool:
        for _ in pool.imap_unordered(_make_part, left):
            pass


def _file(part: int) -> Path:
    return DENOISED / f"{part:04d}.npz"


def _begin() -> None:
    torch.set_num_threads(1)


def _make_part(part: int) -> None:
    random = Random(f"{SEED} {part}")
    torch.manual_seed(part)
    painter = Painter(Artwork.load())
    scenes = [random_scene(random) for _ in range(PART)]
    pictures = [painter.draw(scene, random) for scene in scenes]
    clean = scene_latents(pictures)
    captions = [caption(scene, random) for scene in scenes]
    denoised = denoise(clean, captions, random)
    new = _file(part).with_suffix(".new")
    with new.open("wb") as file:
        np.savez(file, clean=clean, denoised=denoised, pictures=np.stack(pictures))
    new.replace(_file(part))


def denoise(clean: NDArray[np.float16], captions: list[str], random: Random) -> NDArray[np.float16]:
    """Latents noised and denoised with the usual guidance, from one of STEPS_LEFT each batch."""
    unet = UNet2DConditionModel.from_pretrained(UNET).float().to(DEVICE).eval()
    encoder, tokenizer = CLIPTextModel.from_pretrained(TEXT_ENCODER).float().to(DEVICE).eval(), tokens.load()
    plan = scheduler()
    plan.set_timesteps(defaults().num_inference_steps)
    guidance, made = defaults().guidance_scale, []
    for some in batches(len(captions), TOGETHER):
        latents = torch.from_numpy(clean[some].astype(np.float32)).to(DEVICE)
        times = plan.timesteps[-random.choice(STEPS_LEFT) :]
        with torch.inference_mode():
            words = [encoder(ids_of(tokenizer, texts).to(DEVICE))[0] for texts in ([""] * len(latents), captions[some])]
            latents = plan.add_noise(latents, torch.randn_like(latents), times[:1])
            for time in times:
                free, said = unet(torch.cat([latents] * 2), time, torch.cat(words)).sample.chunk(2)
                latents = plan.step(free + guidance * (said - free), time, latents).prev_sample
        made.append(latents.cpu().numpy())
    return np.concatenate(made).astype(np.float16)


def _prepare() -> tuple[nn.Module, Any]:
    vae = AutoencoderKL.from_pretrained(VAE).to(DEVICE, memory_format=torch.channels_last)
    model = nn.ModuleDict({"post_quant_conv": vae.post_quant_conv, "decoder": vae.decoder})
    clean, denoised, pictures = (np.concatenate(parts) for parts in zip(*map(_read, _files()), strict=True))

    def batch(random: Random, share: float) -> tuple[Tensor, Tensor, int]:
        whole = share >= WHOLE_FROM
        side = clean.shape[-1] if whole else CROP
        latents, targets = [], []
        for _ in range(WHOLES if whole else CROPS):
            place = random.randrange(len(pictures))
            source = clean if random.random() < CLEAN else denoised
            top, left = (random.randrange(clean.shape[-1] - side + 1) for _ in range(2))
            latents.append(source[place, :, top : top + side, left : left + side])
            targets.append(pictures[place, 8 * top : 8 * (top + side), 8 * left : 8 * (left + side)])
        stacked = torch.from_numpy(np.stack(latents).astype(np.float32))
        return stacked.contiguous(memory_format=torch.channels_last), to_tensor(targets), 0 if whole else EDGE

    def loss_of(random: Random, share: float) -> Tensor:
        latents, target, edge = batch(random, share)
        y = model["decoder"](model["post_quant_conv"](latents.to(DEVICE))).float()
        inner = slice(edge, target.shape[-1] - edge)
        return distance(y[..., inner, inner], target.to(DEVICE)[..., inner, inner])

    return model, loss_of


def _files() -> list[Path]:
    return sorted(DENOISED.glob("*.npz"))


def _read(path: Path) -> tuple[NDArray[np.float16], NDArray[np.float16], Pixels]:
    with np.load(path) as file:
        return file["clean"], file["denoised"], file["pictures"]


def _save(model: nn.Module, _step: int) -> None:
    vae = AutoencoderKL.from_pretrained(VAE)
    for name in ("post_quant_conv", "decoder"):
        getattr(vae, name).load_state_dict(model[name].state_dict())
    vae.save_pretrained(VAE)
