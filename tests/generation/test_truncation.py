"""What a model does not read of a prompt is said."""

from typing import Any

import pytest

from generation import Noted
from generation.engine.truncation import truncated_end
from tests.tiny import tokenizers

from .studio import Studio, job


class Pipeline:
    """A pipeline as far as its text encoders are concerned."""

    def __init__(self, **components: Any) -> None:
        self.components = components

    def __call__(self, prompt: str = "", max_sequence_length: int = 256) -> None:
        pass


WORDS = [f"w{number}" for number in range(400)]


def test_clip_reads_its_positions_and_no_more() -> None:
    """A prompt beyond CLIP's 77 tokens loses its end, one within them nothing."""
    pipeline = Pipeline(tokenizer=tokenizers.clip())
    assert truncated_end(pipeline, "a cat") == ""
    left_out = truncated_end(pipeline, " ".join(WORDS[:60]))
    assert left_out
    assert " ".join(WORDS[:60]).replace(" ", "").endswith(left_out.replace(" ", ""))


def test_the_text_encoder_that_reads_most_decides() -> None:
    """Beside CLIP, T5 reads on up to the call's max_sequence_length; only what is beyond that is left out."""
    pipeline = Pipeline(tokenizer=tokenizers.clip(), tokenizer_2=tokenizers.t5(), tokenizer_3=None)
    assert truncated_end(pipeline, " ".join(WORDS[:50])) == ""
    assert truncated_end(pipeline, " ".join(WORDS)).endswith("w399")


@pytest.mark.parametrize("length", [5, 200])
@pytest.mark.slow
async def test_a_long_prompt_is_noted_through_the_worker(studio: Studio, length: int) -> None:
    """The embedded model reads 48 tokens; of a longer prompt the end is said, of a short one nothing."""
    prompt = " ".join(["a red apple", *["on a blue background"] * (length // 5), "xylophone"])
    (picture,) = job(prompt=prompt, num_inference_steps=2).pictures()
    await studio.make([picture])
    notes = [event for event in studio.events[picture.id] if isinstance(event, Noted)]
    assert len(notes) == (length > 48)
    if notes:
        assert "left out" in notes[0].template
        assert notes[0].params["words"]
