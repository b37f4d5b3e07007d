"""python -m training: data, train (or its stages one by one), evaluate, sheet."""

import json
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from .judging import curve, evaluation, prompts, sharpness, sheets
from .judging.classifier import save_references
from .nets import decoder, encoder, export, latents, loop, pipeline, tokens, unet, vae
from .paths import ARTWORK, BEFORE, CENTRED, CURVE, MODEL, STEADY, TOKENIZER, VOCABULARY, WORK
from .scenes import artwork, vocabulary
from .scenes.scene import STYLES, Painter
from .scenes.things import load_things

VAE_STEPS, ENCODER_STEPS, UNET_STEPS, REFINE_STEPS, DECODER_STEPS = 4000, 1300, 4000, 3300, 1000

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def data() -> None:
    """Fetch the artwork with npm, draw it, and learn the tokenizer. Takes a minute."""
    artwork.fetch()
    print(f"{artwork.render()} drawings in {ARTWORK}")
    painter = Painter(artwork.Artwork.load())
    save_references([painter.drawing(thing, style) for thing in range(len(load_things())) for style in STYLES])
    vae.save_held_out()
    prompts.make()
    sharpness.save_edges(painter)
    vocabulary.make(VOCABULARY)
    print(f"{len(tokens.make())} words and parts of words in {TOKENIZER}")


@app.command()
def train(unet_steps: int = UNET_STEPS) -> None:
    """Train everything, from the first checkpoint that is not complete. Takes hours; it may be stopped at any time."""
    pid = WORK / "train.pid"
    pid.write_text(str(os.getpid()))
    os.nice(19)
    loop.train(vae.stage(VAE_STEPS))
    latents.make(STEADY)
    loop.train(encoder.stage(ENCODER_STEPS))
    latents.make()
    loop.train(unet.stage(unet_steps))
    export.export(MODEL)
    pid.unlink()


@app.command()
def refine(unet_steps: int = REFINE_STEPS) -> None:
    """Train the U-Net on from the weights that ship; needs data first. Takes hours; it may be stopped at any time."""
    os.nice(19)
    if not CURVE.exists():
        export.unpack(MODEL)
        shutil.copytree(MODEL / "unet", BEFORE)
    latents.make()
    latents.make(CENTRED, latents.CENTRED_POOL)
    loop.train(unet.refinement(unet_steps))
    export.export(MODEL)


@app.command("decoder")
def train_decoder(steps: int = DECODER_STEPS) -> None:
    """Train the decoder on what the trained U-Net makes of scenes; the weights that ship do without."""
    os.nice(19)
    decoder.make()
    loop.train(decoder.stage(steps))
    export.export(MODEL)


@app.command("export")
def export_model(folder: Path = MODEL) -> None:
    """Write what is trained so far as a diffusers folder."""
    export.export(folder)
    print(f"{export.megabytes(folder):.1f} MB in {folder}")


@app.command()
def evaluate(
    folder: Path = MODEL,
    steps: Annotated[int | None, typer.Option(help="num_inference_steps, where not the usual")] = None,
    guidance: Annotated[float | None, typer.Option(help="guidance_scale, where not the usual")] = None,
) -> None:
    """Print the shares of the evaluation's prompts that a model follows."""
    made = pipeline.load_pipeline(folder)
    asked = {"num_inference_steps": steps, "guidance_scale": guidance}
    options = {name: value for name, value in asked.items() if value is not None}
    print(json.dumps(evaluation.evaluate(made, None, **options), indent=1))


@app.command("curve")
def plot_curve(file: Path = WORK / "curve.png") -> None:
    """Judge what was kept of the U-Net's training on the way, and plot its quality over the steps."""
    curve.make(pipeline.load_pipeline(MODEL), file)


@app.command()
def sheet(folder: Path = MODEL, out: Path = WORK / "sheets") -> None:
    """Draw the sheets and plots of the model card."""
    sheets.make(pipeline.load_pipeline(folder), out)


if __name__ == "__main__":
    app()
