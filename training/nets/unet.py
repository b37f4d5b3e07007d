"""The U-Net, trained to predict v from noise and from what the text encoder says."""

from copy import deepcopy
from functools import partial
from random import Random
from typing import Any

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel

from ..paths import CENTRED, CURVE, TEXT_ENCODER, UNET
from ..scenes.caption import caption
from . import tokens
from .encoder import GRID, WIDTH, ids_of
from .latents import Pool
from .loop import DEVICE, Stage, autocast
from .vae import CHANNELS

BATCH = 24  # for each process
NO_PROMPT = 0.1  # share of the captions that are left out, for classifier-free guidance
GAMMA = 10.0  # the last steps, which make edges crisp, weigh no less than the others up to about this SNR
COMPASS_WEIGHT = 0.1
CENTRED_SHARE = 0.5  # of a refinement's batches
SEEN_BELOW = 700  # times at which it shows through the noise where things are
NOISY, NOISY_SHARE = 600, 1 / 3  # times from here on are mostly noise; share of the times that are of these
CONFIG: dict[str, Any] = {
    "sample_size": 16,
    "in_channels": CHANNELS,
    "out_channels": CHANNELS,
    "cross_attention_dim": WIDTH,
    "norm_num_groups": 16,
    "attention_head_dim": 8,
    "block_out_channels": (64, 128, 192),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}


def stage(steps: int) -> Stage:
    """Return the U-Net's training from nothing."""
    return Stage("unet", steps, lr=8e-4, seed=5, prepare=partial(_prepare, guided=True), save=_save)


def refinement(steps: int) -> Stage:
    """Return the training of a U-Net that draws already, so that img2img keeps what it is given.

    It learns things anywhere and in any shape where a picture shows through the noise. What it draws from noise alone
    it does not learn anew: half of the batches are such as it was made with.
    """
    prepare = partial(_prepare, guided=False)
    return Stage("refine", steps, lr=3e-4, seed=6, prepare=prepare, save=_save, decay=0.99, warm_up=40)


def scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise, with no signal left at the last step (Lin et al., 2023, arXiv:2305.08891)."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )


def _prepare(*, guided: bool) -> tuple[nn.Module, Any]:
    varied, tokenizer = Pool.load(), tokens.load()
    centred = None if guided else Pool.load(CENTRED)
    # What an earlier run made is gone on with, also where its optimizer's state is lost.
    made = UNet2DConditionModel.from_pretrained(UNET) if UNET.exists() else UNet2DConditionModel(**CONFIG)
    unet = made.float().to(DEVICE, memory_format=torch.channels_last)
    model = nn.ModuleDict({"unet": unet})
    if guided:
        model["compass"] = Compass(unet).to(DEVICE)
    # Frozen: trained along, the noise of the first steps made it forget in minutes what it had learnt.
    encoder = CLIPTextModel.from_pretrained(TEXT_ENCODER).to(DEVICE).eval().requires_grad_(requires_grad=False)
    alphas = scheduler().alphas_cumprod.to(DEVICE)
    # Min-SNR weights for v (Hang et al., 2023, arXiv:2303.09556).
    weights = torch.clamp(GAMMA / (alphas / (1 - alphas) + 1), max=1.0)

    def loss_of(random: Random, _share: float) -> Tensor:
        known = centred if centred and random.random() < CENTRED_SHARE else None
        latents, scenes = (known or varied).batch(BATCH, random)
        latents = latents.to(DEVICE)
        captions = ["" if random.random() < NO_PROMPT else caption(scene, random) for scene in scenes]
        times = (_times(BATCH) if known or guided else _spread(BATCH, 0, SEEN_BELOW)).to(DEVICE)
        signal, noise_share = (part.sqrt()[:, None, None, None] for part in (alphas[times], 1 - alphas[times]))
        noise = torch.randn_like(latents)
        with autocast():
            words = encoder(ids_of(tokenizer, captions).to(DEVICE)).last_hidden_state
            said = unet(signal * latents + noise_share * noise, times, words).sample
        wrong = (said.float() - (signal * noise - noise_share * latents)).square().mean((1, 2, 3))
        loss = (wrong * weights[times]).mean()
        return loss + COMPASS_WEIGHT * model["compass"].loss(latents.shape[-2:]) if guided else loss

    return model, loss_of


class Compass(nn.Module):
    """Teaches the features that cross-attention asks with where they are.

    A U-Net knows places by the padding of its convolutions alone, and learns that slowly; heads that must tell each
    feature's square of the grid make it learn it first. They are left out of what is saved.
    """

    def __init__(self, unet: UNet2DConditionModel) -> None:
        """Listen to what the U-Net's cross-attentions are given."""
        super().__init__()
        asking = [part.attn2 for part in unet.modules() if isinstance(part, BasicTransformerBlock)]
        self.heads = nn.ModuleList(nn.Linear(part.to_q.in_features, GRID * GRID) for part in asking)
        self._asked: dict[int, Tensor] = {}
        for place, part in enumerate(asking):
            part.register_forward_pre_hook(partial(self._note, place))

    def _note(self, place: int, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._asked[place] = inputs[0]

    def loss(self, shape: tuple[int, int]) -> Tensor:
        """Return the mean cross-entropy of the squares over all attentions of the last call, on latents of a shape."""
        losses = []
        for place, features in self._asked.items():
            height, width = _halved(shape, features.shape[1])
            rows, columns = (torch.arange(side, device=features.device) * GRID // side for side in (height, width))
            squares = (rows[:, None] * GRID + columns).flatten().repeat(len(features))
            said = self.heads[place](features.float()).flatten(0, 1)
            losses.append(functional.cross_entropy(said, squares))
        self._asked.clear()
        return torch.stack(losses).mean()


def _halved(shape: tuple[int, int], count: int) -> tuple[int, int]:
    """Height and width of so many features, which the U-Net made of latents by halving both, rounded up."""
    height, width = shape
    while height * width > count:
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width


def _times(count: int) -> Tensor:
    """Return times for a batch, one in each part of the way so that the loss is steady.

    A third of them where noise prevails, since there the picture is decided by the words.
    """
    noisy = round(count * NOISY_SHARE)
    return torch.cat([_spread(count - noisy, 0, 1000), _spread(noisy, NOISY, 1000)])


def _spread(count: int, first: int, last: int) -> Tensor:
    return (first + (torch.randperm(count) + torch.rand(count)) / count * (last - first)).long()


def _save(model: nn.Module, step: int) -> None:
    model["unet"].save_pretrained(UNET)
    # Kept for the curve of quality over steps.
    copy = deepcopy(model["unet"]).half()
    copy.save_pretrained(CURVE / f"{step:05d}")
