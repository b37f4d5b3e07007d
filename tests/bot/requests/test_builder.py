"""What a person filled in becomes a request, and whatever was changed is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.requests.builder import (
    BuiltRequest,
    Options,
    Source,
    build_request,
    refine_request,
    upscale_request,
)
from bot.requests.form import edit_request, read_fields
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
    options = Options(prompt="a cat", guidance_scale=0.0, seed=0, negative_prompt="", count=3)
    request = build_request(CATALOGUE, Task.TXT2IMG, options).request
    assert (request.guidance_scale, request.seed, request.negative_prompt, request.count) == (0.0, 0, "", 3)


def test_a_picture_comes_with_medium_strength_and_what_was_received_is_said() -> None:
    """img2img without a strength is at 0.5; the note names the file, its size and the result's."""
    built = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat"), source())
    assert built.request.strength == 0.5
    assert built.request.images == (Path("/nowhere/a.png"),)
    assert speaker("en-US").small_print(built.notes) == ("-# I received “a.png”, 300×200; the result is 640×416.")


def test_nothing_is_said_of_a_picture_that_keeps_its_size() -> None:
    """Members 24: “512×512; the result is 512×512” is a line of noise for everybody."""
    same = source(512, 512)
    assert build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat"), same).notes == ()


def test_a_small_strength_brings_the_steps_that_it_needs_where_nobody_chose_them() -> None:
    """So that the smallest strength runs one; who chooses too few steps is told instead."""
    for strength, steps in ((0.05, 20), (0.08, 13), (0.5, 12)):
        request = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat", strength=strength), source()).request
        assert request.num_inference_steps == steps
    with pytest.raises(RequestError):
        build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat", strength=0.05, num_inference_steps=12), source())


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
        ("16x9", (683, 384)),
        ("Paisaje", (627, 418)),
        ("panorâmico", (683, 384)),
        ("16 × 10", (648, 405)),
        ("1x1", (512, 512)),
        ("64x64", (64, 64)),
    ],
)
def test_sizes_are_understood_as_people_write_them(text: str, size: tuple[int, int]) -> None:
    """Pixels, ratios and names are sizes; a ratio keeps the model's usual area."""
    assert wished_size(text, SPEC) == size


@pytest.mark.parametrize("text", ["big", "0:1", "1x1x1", "-5x10", "16:", ":", "x", "1:0"])
def test_what_is_no_size_is_refused_with_examples(text: str) -> None:
    """The refusal shows the three ways to write a size."""
    with pytest.raises(Refusal, match=r"3:2.*512x384.*square"):
        wished_size(text, SPEC)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_sizes(text: str) -> None:
    """Whatever is typed is a size that the model makes, or refused."""
    try:
        request = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", size=text)).request
    except Refusal:
        return
    CATALOGUE.check(request)


def test_a_size_that_is_changed_is_said_and_a_ratio_is_not() -> None:
    """Pixels that the model cannot make come with a note; a ratio has no exact pixels to miss."""
    (note,) = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", size="500x300")).notes
    assert str(note) == "Criar embedded cannot make 500×300; the nearest it can is 512×288."
    assert build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", size="16:9")).notes == ()


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
        ("seed", "-2", "between 0 and"),
        ("strength", "nan", "between 0.05 and 1"),
        ("strength", "0", "between 0.05 and 1"),
        ("strength", "150%", "between 0.05 and 1"),
        ("seed", "99999999999", "between 0 and"),
        ("guidance_scale", "much", "must be a number"),
        ("guidance_scale", "nan", "between 0 and 30"),
        ("num_inference_steps", "1e9", "must be a whole number"),
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
    before = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat"), source()).request
    with pytest.raises(Refusal, match="attach it again"):
        edit_request(CATALOGUE, before, {"seed": ""})


LORAS = [
    LoraSpec(id="ink", title="Ink", family="stable_diffusion", source="a/b", triggers=("ink style",), weight=0.7),
    LoraSpec(id="snow", title="Snow", family="stable_diffusion", source="a/c"),
    LoraSpec(
        id="quick", title="Quick", family="stable_diffusion", source="a/e",
        scheduler="LCM", num_inference_steps=4, guidance_scale=1.0,
    ),
    LoraSpec(id="far", title="Far", family="stable_diffusion_xl", source="a/d"),
]  # fmt: skip
MORE = [replace(SPEC, id="xl", title="XL", family="stable_diffusion_xl", cost=3)]
DRESSED = Catalogue([*CATALOGUE.offered(["criar-embedded", "realesr-animevideov3"]).models, *MORE], LORAS)


def test_loras_are_read_with_their_weights_and_their_words_are_added() -> None:
    """Without a weight it is the usual one; the word that calls a LoRA is added and said where it is missing."""
    built = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink, snow:-0.5"))
    assert built.request.loras == (("ink", 0.7), ("snow", -0.5))
    assert built.request.prompt == "a cat, ink style"
    assert "I added “ink style”, which activates Ink." in speaker("en-US").small_print(built.notes)
    again = build_request(DRESSED, Task.TXT2IMG, Options(prompt="INK STYLE cat", lora="ink"))
    assert again.request.prompt == "INK STYLE cat"


def test_a_lora_chooses_a_model_that_it_fits() -> None:
    """Where no model is chosen it is the first that the LoRAs fit; a chosen one that they do not fit is refused."""
    assert build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="far")).request.model == "xl"
    with pytest.raises(RequestError, match="does not fit Criar embedded; it fits xl"):
        build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="far", model="criar-embedded"))


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
        build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora=text))


@pytest.mark.parametrize(
    ("model", "guidance", "said"),
    [("criar-embedded", 1.0, "above 1"), ("flux-schnell", 0.0, "above 0"), ("flux-dev", 1.0, ""), ("sdxl", 5.0, "")],
)
def test_a_negative_prompt_that_is_not_read_is_said(model: str, guidance: float, said: str) -> None:
    """Without guidance models do not look at it; the model's own negative prompt needs no word."""
    options = Options(prompt="a cat", negative_prompt="blurry", model=model, guidance_scale=guidance)
    words = speaker("en-US").small_print(build_request(CATALOGUE, Task.TXT2IMG, options).notes)
    assert ("negative prompt" in words) is bool(said)
    assert said in words
    own = Options(prompt="a cat", model="sdxl-animagine-4", guidance_scale=1.0)
    assert "negative prompt" not in speaker("en-US").small_print(build_request(CATALOGUE, Task.TXT2IMG, own).notes)


def made_with(built: BuiltRequest) -> tuple[int, float, str]:
    return built.request.num_inference_steps, built.request.guidance_scale, built.request.scheduler


def test_a_lora_brings_the_settings_that_it_was_made_for() -> None:
    """It is said; what a member chose stays, a scheduler that only the LoRA has does not fit without it."""
    usual = SPEC.defaults
    brought = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink, quick"))
    assert made_with(brought) == (4, 1.0, "LCM")
    said = speaker("en-US").small_print(brought.notes)
    assert "num_inference_steps 4, guidance_scale 1.0, scheduler LCM, which Quick was made for." in said
    chosen = Options(prompt="a cat", lora="quick", num_inference_steps=7, scheduler=usual.scheduler)
    kept = build_request(DRESSED, Task.TXT2IMG, chosen)
    assert made_with(kept) == (7, 1.0, usual.scheduler)
    assert "LCM" not in speaker("en-US").small_print(kept.notes)
    with pytest.raises(RequestError, match="no scheduler"):
        build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink", scheduler="LCM"))


def test_settings_that_a_lora_brought_go_with_it() -> None:
    """Refined with another LoRA, a picture is made with the model's usual ones; with none named, as it was."""
    style = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="quick", num_inference_steps=6)).request
    assert made_with(refine_request(DRESSED, style, source(), Options(strength=0.5))) == (6, 1.0, "LCM")
    usual = SPEC.defaults
    found = refine_request(DRESSED, style, source(), Options(strength=0.5, lora="ink"))
    assert made_with(found) == (usual.num_inference_steps, usual.guidance_scale, usual.scheduler)
    plain = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", num_inference_steps=6)).request
    assert made_with(refine_request(DRESSED, plain, source(), Options(strength=0.5, lora="ink")))[0] == 6
    assert made_with(refine_request(DRESSED, plain, source(), Options(strength=0.5, lora="quick"))) == (4, 1.0, "LCM")


def test_refining_keeps_the_loras_of_the_picture() -> None:
    """What was drawn with an adapter goes on with it, at its weight; and so does the request that is made again."""
    style = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", lora="ink:0.25")).request
    assert refine_request(DRESSED, style, source(), Options(strength=0.5)).request.loras == (("ink", 0.25),)
    assert edit_request(DRESSED, style, {"seed": ""}).request.loras == (("ink", 0.25),)


def test_what_counts_more_than_one_image_is_said() -> None:
    """A model whose images count three says so before it is made; one that counts one says nothing."""
    dear = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat", model="xl"))
    assert "Each image of XL counts 3 against your day." in speaker("en-US").small_print(dear.notes)
    assert build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat")).notes == ()


def test_a_negative_prompt_that_is_not_heard_is_said() -> None:
    """A model that has no negative prompt says so."""
    deaf = replace(SPEC, limits=replace(SPEC.limits, negative_prompt=False))
    built = build_request(Catalogue([deaf]), Task.TXT2IMG, Options(prompt="a cat", negative_prompt="dogs"))
    assert "Criar embedded has no negative prompt" in speaker("en-US").small_print(built.notes)


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("0,5", 0.5),
        ("50 %", 0.5),
        ("50%", 0.5),
        ("strong", 0.8),
        ("forte", 0.8),
        ("Sutil", 0.25),
        ("major", 0.8),
        ("0.7 sketch", 0.7),
        (".3", 0.3),
    ],
)
def test_a_strength_is_read_as_people_write_it(text: str, strength: float) -> None:
    """With a comma, in percent, or in a word, in a form as in an option and in a flag."""
    before = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat"), source()).request
    assert read_fields({"strength": text})["strength"] == strength
    built = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt=f"x --strength {text}"), source()).request
    assert (built.strength, built.prompt) == (strength, "x sketch" if "sketch" in text else "x")
    assert before.strength == 0.5


@pytest.mark.parametrize("prompt", ["", "   ", "\u202e\u200f", "\u200b\u2060", "\u3164", "\u2800 \u00ad", "--ar 3:2"])
@pytest.mark.parametrize("task", [Task.TXT2IMG, Task.IMG2IMG])
def test_a_prompt_in_which_nothing_can_be_seen_is_refused(prompt: str, task: Task) -> None:
    """Before anything is charged, also where it is only blanks, directions or a flag."""
    with pytest.raises(Refusal, match="the prompt is empty"):
        build_request(CATALOGUE, task, Options(prompt=prompt), source() if task is Task.IMG2IMG else None)
    before = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat")).request
    with pytest.raises(Refusal, match="the prompt is empty"):
        edit_request(CATALOGUE, before, {"prompt": prompt})


@pytest.mark.parametrize(
    "size",
    [
        "00x00",
        "0x9",
        "16x0",
        "00x512",
        "512x00",
        "1:0",
        "0:1",
        "9999:0.0001",
        "99999x99999",
        "1:0." + "0" * 100 + "1",
        "nan",
        "-3:2",
    ],
)
def test_a_size_that_cannot_be_is_no_size(size: str) -> None:
    """Zero and extremes are refused with the usual sentence."""
    with pytest.raises(Refusal, match="is not a size"):
        wished_size(size, SPEC)


def test_a_shape_that_the_model_does_not_reach_is_said() -> None:
    """100:1 comes out wider than the model can make, and the note says what it is instead."""
    built = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", size="100:1"))
    assert "cannot make 100:1" in speaker("en-US").small_print(built.notes)


def test_flags_in_a_prompt_are_options_and_those_unknown_are_named() -> None:
    """The prompt that is made, and shown, is without them."""
    prompt = "cyberpunk city, neon --ar 16:9 --no people, text --seed 5 --count 2 --steps 20 --cfg 7 --chaos 30"
    built = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt=prompt))
    request = built.request
    assert (request.prompt, request.negative_prompt) == ("cyberpunk city, neon", "people, text")
    assert (request.seed, request.count, request.num_inference_steps, request.guidance_scale) == (5, 2, 20, 7.0)
    assert request.width > request.height
    assert "I do not know --chaos, and left it out." in speaker("en-US").small_print(built.notes)


def test_flags_in_the_form_of_a_prompt_change_the_request() -> None:
    """“Edit the prompt” reads what was typed as a command does."""
    before = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", seed=7)).request
    built = edit_request(CATALOGUE, before, {"prompt": "a dog --ar 1:2 --seed 9 --chaos 3", "seed": "7"})
    assert (built.request.prompt, built.request.seed) == ("a dog", 9)
    assert built.request.height > built.request.width
    assert "--chaos" in speaker("en-US").small_print(built.notes)


@pytest.mark.parametrize("name", ["Criar embedded", "CRIAR-EMBEDDED", " criar-embedded ", "as suggested"])
def test_a_model_is_found_by_the_name_that_is_shown(name: str) -> None:
    """Bot 49: title or id, in any case, or the whole of what a suggestion shows."""
    shown = {"Criar embedded": SPEC.title, "as suggested": f"{SPEC.title}: {SPEC.description}"[:100]}
    title = shown.get(name, name)
    assert (
        build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", model=title)).request.model == "criar-embedded"
    )
    assert build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", scheduler="ddim")).request.scheduler == "DDIM"


def test_a_model_that_there_is_not_is_answered_with_those_that_do_the_task() -> None:
    """Members 29: nobody who wants a picture from words meant an upscaler."""
    with pytest.raises(RequestError, match=r"“dall-e”; [a-z ]+ criar-embedded[.?]$"):
        build_request(
            CATALOGUE.offered(["criar-embedded", "realesr-animevideov3"]),
            Task.TXT2IMG,
            Options(prompt="a cat", model="dall-e"),
        )


def test_words_that_the_embedded_model_does_not_know_are_named() -> None:
    """Members 5: an aubergine for “cyberpunk city” is no surprise then; what it knows says nothing."""
    said = [
        speaker("en-US").small_print(build_request(CATALOGUE, Task.TXT2IMG, Options(prompt=prompt)).notes)
        for prompt in ("cyberpunk city, a red apple", "a red apple on a blue background")
    ]
    assert said == ["-# Criar embedded can draw 236 things, not: cyberpunk, city.", ""]


def test_a_size_in_the_form_of_a_prompt_is_read_as_everywhere() -> None:
    """For a picture made from another too, and a wrong one is refused."""
    before = build_request(CATALOGUE, Task.IMG2IMG, Options(prompt="a cat"), source()).request
    before = replace(before, images=())
    changed = edit_request(CATALOGUE, before, {"prompt": "a cat --ar 16:9"}).request
    assert (changed.prompt, changed.width, changed.height) == ("a cat", 672, 384)
    for size in ("99999x99999", "[free](https://evil.example)", "00x00", "0:9"):
        with pytest.raises(Refusal, match="is not a size"):
            edit_request(CATALOGUE, before, {"prompt": f"a cat --ar {size}"})


def test_a_server_s_own_emoji_is_its_name_in_a_prompt() -> None:
    """Bot 50: numbers of Discord mean nothing to a model."""
    built = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a <:cat:123456789012345678> <a:star:1> on blue"))
    assert built.request.prompt == "a cat star on blue"


def test_a_lora_that_is_left_out_is_named_without_its_marks() -> None:
    """Bot 15: what a member typed speaks with nobody's voice, in notes either."""
    built = build_request(DRESSED, Task.TXT2IMG, Options(prompt="a cat <lora:**big** ||x||:1>"))
    assert r"\*\*big\*\* \|\|x\|\|" in speaker("en-US").small_print(built.notes)
