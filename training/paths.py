"""Where the training keeps what it makes; none of it is committed."""

from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / "work"
PACKAGES = WORK / "npm"
ARTWORK = WORK / "artwork.npz"
LATENTS = WORK / "latents"  # for the U-Net
STEADY = WORK / "steady"  # for the text encoder: square, and nothing left to chance
CENTRED = WORK / "centred"  # for a refinement: in every shape, and nothing left to chance
DENOISED = WORK / "denoised"  # what the decoder is trained on last
VAE = WORK / "vae"
TOKENIZER = WORK / "tokenizer"
TEXT_ENCODER = WORK / "text_encoder"
UNET = WORK / "unet"
CURVE = WORK / "curve"  # what the U-Net was at some of its steps
BEFORE = CURVE / "00000"  # what it was before a refinement
#: the folder that ships with the bot
MODEL = HERE.parent / "generation" / "embedded" / "model"
#: the words that it knows
VOCABULARY = MODEL.parent / "vocabulary.json"
