"""What a model does not read of a prompt is said."""

import logging
from pathlib import Path
from typing import Any

import pytest

from generation import Noted
from generation.engine.engine import quiet_libraries
from generation.engine.truncation import sequence_length, truncated_end
from tests.tiny import spec, tokenizers

from .studio import Studio, job, pixels
from .test_loaded_models import engine_of, events_of, request


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


@pytest.mark.slow
async def test_a_long_prompt_is_read_whole_in_chunks(studio: Studio) -> None:
    """The embedded model reads 48 tokens at once; a longer prompt's end changes the picture, nothing is left out."""
    prompt = " ".join(["a red apple", *["on a blue background"] * 40])
    pictures = [
        picture
        for end in ("xylophone", "rocket")
        for picture in job(prompt=f"{prompt}, {end}", num_inference_steps=2).pictures()
    ]
    first, second = [pixels(event) for event in await studio.make(pictures)]
    assert (first != second).any()
    assert not [event for event in studio.events[pictures[0].id] if isinstance(event, Noted)]


@pytest.mark.parametrize("name", ["prompt", "negative_prompt"])
def test_what_of_either_prompt_is_left_out_is_said(tmp_path: Path, name: str) -> None:
    """FLUX.1 reads 512 tokens; what it should avoid counts like what it should show."""
    model = spec("flux", tmp_path)
    events = events_of(engine_of(model), request(model, num_inference_steps=1, **{name: "blurry " * 400}))
    (note,) = [event for event in events if isinstance(event, Noted)]
    assert ("negative" in note.template) == (name == "negative_prompt")
    assert note.params["words"]


def test_a_long_prompt_is_given_as_many_tokens_as_its_model_takes() -> None:
    """One that the usual length holds leaves it as it is, and so does a model that takes no more."""
    pipeline = Pipeline(tokenizer=tokenizers.clip(), tokenizer_2=tokenizers.t5())
    assert sequence_length(pipeline, ["a cat", ""], 512) is None
    assert sequence_length(pipeline, ["a cat", " ".join(WORDS)], 512) == 512
    assert sequence_length(pipeline, [" ".join(WORDS)], None) is None
    assert sequence_length(Pipeline(tokenizer=tokenizers.clip()), [" ".join(WORDS)], 512) is None


@pytest.mark.slow
def test_stable_diffusion_3_reads_what_is_beyond_256_tokens(tmp_path: Path) -> None:
    """Nothing is left out of 300 tokens, and the last word changes the picture."""
    model = spec("stable_diffusion_3", tmp_path)
    engine, long = engine_of(model), "a " * 150  # two tokens a word here
    ends = [events_of(engine, request(model, num_inference_steps=1, prompt=long + end)) for end in ("cat", "dog")]
    assert not [event for event in ends[0] if isinstance(event, Noted)]
    assert (pixels(ends[0][-1]) != pixels(ends[1][-1])).any()


def test_what_libraries_say_of_a_long_prompt_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding 9: diffusers warns of what CLIP does not read by quoting it; nothing of a prompt is written."""
    model, libraries = spec("flux", tmp_path), [logging.getLogger(name) for name in ("diffusers", "transformers")]
    for library in libraries:
        monkeypatch.setattr(library, "level", logging.WARNING)  # so that it is put back
        library.addHandler(caplog.handler)
    quiet_libraries()
    try:
        events_of(engine_of(model), request(model, num_inference_steps=1, prompt="zanzibar " * 400))
    finally:
        for library in libraries:
            library.removeHandler(caplog.handler)
    assert "zanzibar" not in caplog.text


@pytest.mark.slow
def test_words_that_would_change_in_mid_run_are_said(tmp_path: Path) -> None:
    """Also of the negative prompt; of a plain prompt nothing is said."""
    model = spec("stable_diffusion", tmp_path)
    engine = engine_of(model)

    def notes(**words: str) -> int:
        wanted = request(model, num_inference_steps=1, **words)
        return sum(isinstance(event, Noted) for event in events_of(engine, wanted))

    assert notes(prompt="a [red:blue:0.3] cat") == notes(prompt="a cat", negative_prompt="[dog|cow]") == 1
    assert notes(prompt="a (red:1.3) cat") == 0
