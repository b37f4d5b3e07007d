"""What a person filled in becomes a request, and whatever was changed is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.requests.builder import (
    Options,
    Source,
    build_request,
    edit_request,
    refine_request,
    upscale_request,
)
from bot.requests.sizes import wished_size
from bot.text.translate import speaker
from generation import MAX_SEED, Catalogue, LoraSpec, RequestError, Task

CATALOGUE = Catalogue.load()
SPEC = CATALOGUE.get("criar-embedded")


def source(width: int = 300, height: int = 200, folder: Path = Path("/nowhere")) -> Source:
    return Source(path=folder / "a.png", name="a.png", width=width, height=height)


def test_only_the_prompt_is_needed() -> None:
    """Everything that is left out comes from the model, and the seed is new each time."""
    first, second = (build_request(CATALOGUE, Task.TXT2IMG, Options(prompt=" a cat ")).request for _ in range(2))
    assert (first.model, first.prompt, first.width, first.height) == ("criar-embedded", "a cat", 512, 512)
    assert (first.num_inference_steps, first.scheduler, first.strength) == (12, "DPM++ 2M", None)
    assert first.seed != second.seed
    assert 0 <= first.seed <= MAX_SEED


def test_what_was_chosen_is_kept() -> None:
    """Zero and the empty text are choices, not gaps."""
    options = Options(prompt="x", guidance_scale=0.0, seed=0, negative_prompt="", count=3)
    request = build_request(CATALOGUE, Task.TXT2IMG, options).request
    assert (request.guidance_scale, request.seed, request.negative_prompt, request.count) == (0.0, 0, "", 3)


def test_a_picture_comes_with_medium_strength_and_what_was_received_is_said() -> None:
    """img2img without a strength is at 0.5; the note names the file, its size and the result's."""
    built = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="x"), source())
    assert built.request.strength == 0.5
    assert built.request.images == (Path("/nowhere/a.png"),)
    assert speaker("en-US").small_print(built.notes) == ("-# I received “a.png”, 300×200; the result will be 640×416.")


def test_a_small_strength_brings_the_steps_that_it_needs_where_nobody_chose_them() -> None:
    """So that the smallest strength runs one; who chooses too few steps is told instead."""
    for strength, steps in ((0.05, 20), (0.08, 13), (0.5, 12)):
        request = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="x", strength=strength), source()).request
        assert request.num_inference_steps == steps
    with pytest.raises(RequestError):
        build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="x", strength=0.05, num_inference_steps=12), source())


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512x384", (512, 384)),
        (" 512 × 384 ", (512, 384)),
        ("1:1", (512, 512)),
        ("square", (512, 512)),
        ("4:1", (1024, 256)),
        ("16:9", (683, 384)),
        ("Portrait", (418, 627)),
    ],
)
def test_sizes_are_understood_as_people_write_them(text: str, size: tuple[int, int]) -> None:
    """Pixels, ratios and names are sizes; a ratio keeps the model's usual area."""
    assert wished_size(text, SPEC) == size


@pytest.mark.parametrize("text", ["big", "0:1", "1x1", "-5x10", "16:", ":", "x", "1:0"])
def test_what_is_no_size_is_refused_with_examples(text: str) -> None:
    """The refusal shows the three ways to write a size."""
    with pytest.raises(Refusal, match=r"3:2.*512x384.*square"):
        wished_size(text, SPEC)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_sizes(text: str) -> None:
    """Whatever is typed is a size that the model makes, or refused."""
    try:
        request = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="x", size=text)).request
    except Refusal:
        return
    CATALOGUE.check(request)


def test_a_size_that_is_changed_is_said_and_a_ratio_is_not() -> None:
    """Pixels that the model cannot make come with a note; a ratio has no exact pixels to miss."""
    (note,) = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="x", size="500x300")).notes
    assert str(note) == "Criar embedded cannot make 500×300; the nearest it can is 512×288."
    assert build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="x", size="16:9")).notes == ()


def test_a_prompt_that_no_field_could_hold_is_refused() -> None:
    """Longer than 4,000 characters is refused with both lengths."""
    with pytest.raises(Refusal, match=r"4001 .* 4000"):
        build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="x" * 4001))


def test_enlarging_beyond_the_limit_is_refused() -> None:
    """A picture whose enlargement is too large is refused with the limits."""
    assert upscale_request(CATALOGUE, source(1024, 500), 4).request.width == 4096
    with pytest.raises(RequestError, match="4096"):
        upscale_request(CATALOGUE, source(1025, 500), 4)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("seed", "12", 12),
        ("guidance_scale", "3,5", 3.5),
        ("num_inference_steps", "30", 30),
        ("prompt", " a dog ", "a dog"),
    ],
)
def test_a_changed_field_is_taken_over(field: str, text: str, value: Any) -> None:
    """Numbers may have a decimal comma; everything else of the request stays."""
    before = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", seed=1)).request
    after = edit_request(CATALOGUE, before, {field: text}).request
    assert getattr(after, field) == value
    assert all(getattr(after, name) == getattr(before, name) for name in before.__slots__ if name != field)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("seed", "-1", "between 0 and"),
        ("seed", "99999999999", "between 0 and"),
        ("guidance_scale", "much", "must be a number"),
        ("guidance_scale", "nan", "between 0 and 30"),
        ("num_inference_steps", "1e9", "must be a number"),
        ("num_inference_steps", "500", "between 1 and 100"),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, text: str, words: str) -> None:
    """The refusal says what the field must be."""
    before = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat")).request
    with pytest.raises((Refusal, RequestError), match=words):
        edit_request(CATALOGUE, before, {field: text})


def test_a_request_whose_picture_is_gone_asks_for_it_again() -> None:
    """Repeating img2img after its input was deleted is refused with what to do."""
    before = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="x"), source()).request
    with pytest.raises(Refusal, match="attach it again"):
        edit_request(CATALOGUE, before, {"seed": ""})


LORAS = [
    LoraSpec(id="ink", title="Ink", family="stable_diffusion", source="a/b", triggers=("ink style",), weight=0.7),
    LoraSpec(id="snow", title="Snow", family="stable_diffusion", source="a/c"),
    LoraSpec(id="far", title="Far", family="stable_diffusion_xl", source="a/d"),
]
MORE = [replace(SPEC, id="xl", title="XL", family="stable_diffusion_xl", cost=3)]
DRESSED = Catalogue([*CATALOGUE.offered(["criar-embedded", "realesr-animevideov3"]).models, *MORE], LORAS)


def test_loras_are_read_with_their_weights_and_their_words_are_added() -> None:
    """Without a weight it is the usual one; the word that calls a LoRA is added and said where it is missing."""
    built = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink, snow:-0.5"))
    assert built.request.loras == (("ink", 0.7), ("snow", -0.5))
    assert built.request.prompt == "a cat, ink style"
    assert "I added “ink style”, which calls Ink." in speaker("en-US").small_print(built.notes)
    again = build_request(DRESSED, Task.TXT2IMG, Options(prompt="INK STYLE cat", lora="ink"))
    assert again.request.prompt == "INK STYLE cat"


def test_a_lora_chooses_a_model_that_it_fits() -> None:
    """Where no model is chosen it is the first that the LoRAs fit; a chosen one that they do not fit is refused."""
    assert build_request(DRESSED, Task.TXT2IMG, Options(prompt="x", lora="far")).request.model == "xl"
    with pytest.raises(RequestError, match="does not fit Criar embedded; it fits xl"):
        build_request(DRESSED, Task.TXT2IMG, Options(prompt="x", lora="far", model="criar-embedded"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("imk", "did you mean ink"),
        ("ink:much", "write name:0.8"),
        ("ink:3", "between -2 and 2"),
    ],
)
def test_what_is_no_lora_is_refused(text: str, sentence: str) -> None:
    """Unknown names, weights that are no number or too large are answered with what would do."""
    with pytest.raises((Refusal, RequestError), match=sentence):
        build_request(DRESSED, Task.TXT2IMG, Options(prompt="x", lora=text))


def test_refining_keeps_the_loras_of_the_picture() -> None:
    """What was drawn with an adapter goes on with it, at its weight; and so does the request that is made again."""
    style = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink:0.25")).request
    assert refine_request(DRESSED, style, source(), Options(strength=0.5)).request.loras == (("ink", 0.25),)
    assert edit_request(DRESSED, style, {"seed": ""}).request.loras == (("ink", 0.25),)


def test_what_counts_more_than_one_image_is_said() -> None:
    """A model whose images count three says so before it is made; one that counts one says nothing."""
    dear = build_request(DRESSED, Task.TXT2IMG, Options(prompt="x", model="xl"))
    assert "Each image of XL counts 3 against your day." in speaker("en-US").small_print(dear.notes)
    assert build_request(DRESSED, Task.TXT2IMG, Options(prompt="x")).notes == ()


def test_a_negative_prompt_that_is_not_heard_is_said() -> None:
    """A model that cannot be told what to avoid says so."""
    deaf = replace(SPEC, limits=replace(SPEC.limits, negative_prompt=False))
    built = build_request(Catalogue([deaf]), Task.TXT2IMG, Options(prompt="x", negative_prompt="dogs"))
    assert "Criar embedded cannot be told what to avoid" in speaker("en-US").small_print(built.notes)


def test_loras_are_read_out_of_a_prompt_as_other_tools_write_them() -> None:
    """By file, id or title; what fits none is left out and said, and what was chosen beside goes before."""
    catalogue = Catalogue.load()
    options = Options(prompt="a fox <lora:papercut:0.8> <lora:nobody:1>", model="sdxl", lora="ikea:0.5")
    built = build_request(catalogue, Task.TXT2IMG, options)
    assert built.request.loras == (("ikea", 0.5), ("papercut", 0.8))
    assert built.request.prompt.startswith("a fox")
    assert "<" not in built.request.prompt
    assert [note.params["lora"] for note in built.notes if note.template.startswith("No LoRA")] == ["nobody"]
