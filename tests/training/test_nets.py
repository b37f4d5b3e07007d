"""The nets' training: shapes, times, rates, and what the decoder learns from."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
import torch.distributed as distributed
from diffusers import UNet2DConditionModel
from PIL import Image

from training.judging.classifier import Classifier
from training.nets import decoder, encoder, export, latents, tokens, unet, vae
from training.nets.loop import rate
from training.nets.muon import Muon, Optimizer
from training.paths import MODEL
from training.scenes.canvas import PALETTE, blank, paste
from training.scenes.scene import SIZES
from training.scenes.things import load_things


@pytest.mark.parametrize("size", SIZES)
def test_the_unet_and_its_compass_take_every_shape(size: tuple[int, int]) -> None:
    """Latents of each size come back in their shape, and each asking feature has a square of the grid."""
    net = UNet2DConditionModel(**unet.CONFIG)
    compass = unet.Compass(net)
    shape = (size[1] // 8, size[0] // 8)
    with torch.no_grad():
        said = net(
            torch.randn(2, vae.CHANNELS, *shape), torch.tensor([10, 900]), torch.randn(2, 5, encoder.WIDTH)
        ).sample
        loss = compass.loss(shape)
    assert said.shape == (2, vae.CHANNELS, *shape)
    assert 0 < float(loss) < 10


def test_the_rate_rises_stays_and_falls() -> None:
    """A warm-up of so many steps, then the whole rate, then little at the end."""
    rates = [rate(step, 1000, warm_up=50) for step in range(1000)]
    assert rates[0] < 0.05 < 0.99 < rates[50] == pytest.approx(max(rates))
    assert rates[399] == pytest.approx(1)
    assert rates[-1] < 0.03


@pytest.mark.parametrize("muon", [True, False])
def test_both_optimizers_lower_a_loss(muon: bool) -> None:
    """Muon for inner matrices, or AdamW for all: a linear layer learns to give its input back."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Linear(32, 32))
    optimizer = Optimizer(model, 1e-2, muon=muon)
    assert any(isinstance(part, Muon) for part in optimizer.parts) is muon
    losses = []
    for _ in range(60):
        x = torch.randn(16, 32)
        loss = (model(x) - x).square().mean()
        loss.backward()
        optimizer.step(1.0)
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.5 * losses[0]


def _trained() -> list[torch.Tensor]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(32, 48), torch.nn.Linear(48, 32), torch.nn.Linear(32, 16))
    optimizer, x = Optimizer(model, 1e-2), torch.randn(16, 32)
    for _ in range(3):
        model(x).square().mean().backward()
        optimizer.step(1.0)
    return [parameter.detach() for parameter in model.parameters()]


def _train_in_group(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/group", rank=rank, world_size=2)
    torch.save(_trained(), folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_processes_that_share_the_iterations_step_as_one_does(tmp_path: Path) -> None:
    """Two processes with the same gradients, each with half of Muon's matrices, end where one alone does."""
    torch.multiprocessing.spawn(_train_in_group, args=(tmp_path,), nprocs=2)
    alone = _trained()
    for rank in range(2):
        for mine, shared in zip(alone, torch.load(tmp_path / f"{rank}.pt"), strict=True):
            torch.testing.assert_close(mine, shared)


def test_what_the_decoder_learns_from_still_shows_the_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noised and denoised with its caption, an apple's latents are not the same, but nearer to it than another's."""
    monkeypatch.setattr(decoder, "UNET", MODEL / "unet")
    monkeypatch.setattr(decoder, "TEXT_ENCODER", MODEL / "text_encoder")
    monkeypatch.setattr(tokens, "TOKENIZER", MODEL / "tokenizer")
    monkeypatch.setattr(latents, "VAE", MODEL / "vae")
    latents.autoencoder.cache_clear()
    torch.manual_seed(0)
    tiles = Classifier().references
    pictures = []
    for name in ("apple", "cat"):
        thing = next(k for k, each in enumerate(load_things()) if each.name == name)
        side = Image.fromarray(tiles[thing, 0].astype(np.uint8), "RGBA").resize((128, 128))
        canvas = blank(PALETTE["blue"])
        paste(canvas, np.ascontiguousarray(side), 0.5, 0.5, 0.8)
        pictures.append(canvas.astype(np.uint8))
    clean = latents.scene_latents(pictures).astype(np.float32)
    [made] = decoder.denoise(clean[:1].astype(np.float16), ["a red apple, flat, on a blue background"], Random(1))
    apple, cat = (float(np.square(made - each).mean()) for each in clean)
    assert 0 < apple < 0.5 * cat
    latents.autoencoder.cache_clear()


def test_what_ships_after_a_refinement_is_a_mean_with_the_weights_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each weight goes 0.8 of the way, so that details are not forgotten; the files say nothing of the folder."""
    monkeypatch.setattr(tokens, "TOKENIZER", MODEL / "tokenizer")
    for name, part in (("UNET", "unet"), ("VAE", "vae"), ("TEXT_ENCODER", "text_encoder"), ("TOKENIZER", "tokenizer")):
        monkeypatch.setattr(export, name, MODEL / part)
    now = UNet2DConditionModel.from_pretrained(MODEL / "unet").float()
    before = UNet2DConditionModel.from_pretrained(MODEL / "unet").float()
    with torch.no_grad():
        before.conv_in.bias += 10
    before.save_pretrained(tmp_path / "before")
    monkeypatch.setattr(export, "BEFORE", tmp_path / "before")
    export.export(tmp_path / "out")
    made = UNet2DConditionModel.from_pretrained(tmp_path / "out" / "unet").float()
    assert torch.allclose(made.conv_in.bias, now.conv_in.bias + 2, atol=0.01)
    assert torch.equal(made.conv_out.weight, now.conv_out.weight)
    assert "_name_or_path" not in (tmp_path / "out" / "unet" / "config.json").read_text()
