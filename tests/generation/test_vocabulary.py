"""The words that the embedded model knows."""

import subprocess
import sys

import pytest

from generation.vocabulary import unknown_words


@pytest.mark.parametrize(
    "prompt",
    [
        "a small red fox in the top left corner on a dark blue background, 3d",
        "Two mice, OUTLINED",
        "an owl next to 2 balloons",
        "um cachorro ao lado de uma bola, fundo verde claro",
        "uma maca pequena no canto inferior direito",  # without its accents
        "un pingüino encima de un helado, estilo contorno",
        "a (cat:1.4) on white",
        "",
    ],
)
def test_what_the_model_was_taught_is_known(prompt: str) -> None:
    """Things, plurals, colours, styles, sizes, places and relations, in three languages, without regard to accents."""
    assert unknown_words(prompt) == ()


def test_the_other_words_come_once_in_their_order() -> None:
    """What the model passes over is named in lower case, as a sentence to a member would name it."""
    assert unknown_words("A Knight riding a cat at sunset, a knight, masterpiece") == (
        "knight", "riding", "sunset", "masterpiece",
    )  # fmt: skip


def test_decomposed_letters_are_whole_words() -> None:
    """Some keyboards send an accent as a character after its letter: that parts no word in two."""
    assert unknown_words("lea\u0303o, xi\u0301cara roxa") == unknown_words("le\u00e3o, x\u00edcara roxa")
    assert unknown_words("lea\u0303o") == ()


def test_asking_loads_no_torch() -> None:
    """The bot's own process asks, and torch would cost it hundreds of megabytes."""
    code = "import sys, generation.vocabulary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
