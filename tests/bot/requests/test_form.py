"""“Edit the prompt”: what a form's fields, and the flags in its prompt, make of a request."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Refusal
from bot.requests.builder import Options, Source, build_request
from bot.requests.form import edit_request
from bot.text.translate import speaker
from generation import Catalogue, LoraSpec, RequestError, Task

SPEC = Catalogue.load().get("criar-embedded")
DEFAULTS = replace(SPEC.defaults, num_inference_steps=4, guidance_scale=1.0)
FAST = replace(SPEC, id="fast", title="Fast", defaults=DEFAULTS)
LORA = LoraSpec(id="ink", title="Ink", family="stable_diffusion", source="a/b", triggers=("ink style",), weight=0.7)
CATALOGUE = Catalogue([SPEC, FAST], [LORA])
BEFORE = build_request(CATALOGUE, Task.TXT2IMG, Options(prompt="a cat", seed=7)).request
#: the form as it opens
FILLED = {"num_inference_steps": str(BEFORE.num_inference_steps), "guidance_scale": f"{BEFORE.guidance_scale:g}"}


def test_a_model_that_a_flag_names_makes_the_picture_with_its_own_settings() -> None:
    """By its title too; what was changed in the form beside it is kept."""
    made = edit_request(CATALOGUE, BEFORE, {**FILLED, "prompt": "a cat --model FAST", "seed": "7"}).request
    assert (made.model, made.prompt, made.seed) == ("fast", "a cat", 7)
    assert (made.num_inference_steps, made.guidance_scale) == (4, 1.0)
    chosen = edit_request(CATALOGUE, BEFORE, {"num_inference_steps": "9", "prompt": "a cat --model fast"}).request
    assert chosen.num_inference_steps == 9


def test_a_model_that_there_is_not_is_refused_in_a_form() -> None:
    """With the nearest name, as a command does."""
    with pytest.raises(RequestError, match="fast"):
        edit_request(CATALOGUE, BEFORE, {"prompt": "a cat --model fats"})


def test_a_lora_and_a_style_are_taken_from_a_form() -> None:
    """They are no unknown flags; the LoRA's word and the style's words are added."""
    styles = {"Comic": "{prompt}, bold lines"}
    built = edit_request(CATALOGUE, BEFORE, {"prompt": "a dog --lora ink:0.5 --style comic"}, styles=styles)
    assert built.request.loras == (("ink", 0.5),)
    assert built.request.prompt == "a dog, bold lines, ink style"
    assert "I do not know" not in speaker("en-US").small_print(built.notes)
    with pytest.raises(Refusal, match="There is no style"):
        edit_request(CATALOGUE, BEFORE, {"prompt": "a dog --style manga"}, styles=styles)


def test_a_strength_without_a_picture_is_said_to_do_nothing() -> None:
    """In a command and in a form; with a picture it is heard, and nothing is said."""
    said = "--strength does nothing here, so I left it out."
    typed = Options(prompt="a cat --strength 0.4")
    built = build_request(CATALOGUE, Task.TXT2IMG, typed)
    assert built.request.strength is None
    assert said in speaker("en-US").small_print(built.notes)
    changed = edit_request(CATALOGUE, BEFORE, {"prompt": "a cat --strength 0.4"})
    assert changed.request.strength is None
    assert said in speaker("en-US").small_print(changed.notes)
    source = Source(path=Path("/nowhere/a.png"), name="a.png", width=300, height=200)
    heard = build_request(CATALOGUE, Task.IMG2IMG, typed, source)
    assert heard.request.strength == 0.4
    assert said not in speaker("en-US").small_print(heard.notes)


def test_words_that_the_model_does_not_know_are_named_after_a_form_too() -> None:
    """Where the prompt was changed; the same words once more say nothing again."""
    changed = edit_request(CATALOGUE, BEFORE, {"prompt": "a cyberpunk cat"})
    assert "cyberpunk" in speaker("en-US").small_print(changed.notes)
    assert edit_request(CATALOGUE, changed.request, {"seed": ""}).notes == ()


def test_new_words_at_a_small_strength_come_with_a_hint() -> None:
    """Members 18: black to pink changed the caption and not the picture, which had been refined at 0.3."""
    before = replace(BEFORE, task=Task.IMG2IMG, strength=0.3)
    said = "At a strength of 0.3 new words change little"
    assert said in speaker("en-US").small_print(edit_request(CATALOGUE, before, {"prompt": "a pink cat"}).notes)
    stronger = edit_request(CATALOGUE, before, {"prompt": "a pink cat", "strength": "strong"})
    assert stronger.notes == edit_request(CATALOGUE, before, {"seed": ""}).notes == ()
