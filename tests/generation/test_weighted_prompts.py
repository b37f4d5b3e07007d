"""Weights, chunks and textual inversions, on the real encoders of tiny models."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from generation.engine.loading import load
from generation.engine.weighted_prompts import Inversion, encoded
from generation.types import Loading
from tests.tiny import spec


@pytest.fixture(scope="module", params=["stable_diffusion", "stable_diffusion_xl"])
def pipeline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(spec(request.param, tmp_path_factory.mktemp("weighted")), Loading(), {})


def asked(prompt: str, negative: str = "") -> dict[str, Any]:
    return {"prompt": [prompt], "negative_prompt": [negative]}


def embeddings(pipeline: Any, prompt: str, *inversions: Inversion, negative: str = "") -> dict[str, torch.Tensor]:
    with torch.inference_mode():
        return encoded(pipeline, asked(prompt, negative), inversions)


def stock(pipeline: Any, prompt: str) -> list[torch.Tensor]:
    """The prompt's embeddings by the pipeline itself, pooled ones after it."""
    with torch.inference_mode():
        made = pipeline.encode_prompt(
            prompt=prompt, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False
        )
    return [each for each in made if each is not None][:2]


def test_a_prompt_without_syntax_is_left_to_the_pipeline(pipeline: Any) -> None:
    """Nothing is changed, so nothing can differ."""
    arguments = asked("a cat, on a roof", "dogs")
    assert encoded(pipeline, arguments, ()) is arguments


def test_without_effect_the_embeddings_are_the_pipeline_s_own(pipeline: Any) -> None:
    """A weight of 1 gives what the stock pipeline gives, pooled embeddings too."""
    made = embeddings(pipeline, "a \\cat")  # a backslash brings it here, and is a letter
    assert torch.allclose(made["prompt_embeds"], stock(pipeline, "a \\cat")[0], atol=1e-6)
    if "pooled_prompt_embeds" in made:
        assert torch.allclose(made["pooled_prompt_embeds"], stock(pipeline, "a \\cat")[1], atol=1e-6)


def test_weights_lead_away_from_an_empty_prompt(pipeline: Any) -> None:
    """As ComfyUI does it: each token's state is moved in proportion, and the others stay exactly."""
    plain, empty = stock(pipeline, "cat dog")[0], stock(pipeline, "")[0]
    for weight in (1.5, 0.5, -1.0):
        weighted = embeddings(pipeline, f"cat (dog:{weight})")["prompt_embeds"]
        assert torch.allclose(weighted[:, :4], plain[:, :4], atol=1e-6)
        assert torch.allclose(weighted[:, 5], (empty + (plain - empty) * weight)[:, 5], atol=1e-5)


def test_long_prompts_come_in_chunks_and_both_are_as_long(pipeline: Any) -> None:
    """Each chunk of 75 tokens is encoded as a prompt of its own; the shorter prompt is filled up with empty ones."""
    made = embeddings(pipeline, "a" * 80)
    assert made["prompt_embeds"].shape[1] == made["negative_prompt_embeds"].shape[1] == 2 * 77
    assert torch.allclose(made["negative_prompt_embeds"][:, 77:], stock(pipeline, "")[0], atol=1e-6)
    parted = embeddings(pipeline, "a cat BREAK a dog")["prompt_embeds"]
    assert torch.allclose(parted[:, 77:], stock(pipeline, "a dog")[0], atol=1e-6)


def test_an_inversion_stands_for_its_word_and_touches_nothing_else(pipeline: Any, tmp_path: Path) -> None:
    """Its vectors change the prompts that have its word; afterwards encoder and tokenizer are as they were."""
    width = pipeline.text_encoder.config.hidden_size
    save_file({"emb_params": torch.randn(2, width)}, tmp_path / "one.safetensors")
    one = Inversion.load(tmp_path / "one.safetensors", "mystyle")
    before, words = stock(pipeline, "a cat")[0], len(pipeline.tokenizer)
    made = embeddings(pipeline, "a cat in MyStyle, red", one)["prompt_embeds"]
    assert made.shape[1] == 77
    assert not torch.allclose(made[..., :width], stock(pipeline, "a cat in MyStyle, red")[0][..., :width], atol=1e-3)
    assert encoded(pipeline, given := asked("a cat"), (one,)) is given
    assert torch.equal(stock(pipeline, "a cat")[0], before)
    assert len(pipeline.tokenizer) == words
    save_file({"emb_params": torch.full((1, width), float("nan"))}, tmp_path / "nan.safetensors")
    with pytest.raises(ValueError, match="no vectors"):
        Inversion.load(tmp_path / "nan.safetensors", "x")
