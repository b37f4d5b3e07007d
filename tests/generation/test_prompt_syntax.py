"""The syntax of weights, breaks and LoRAs in prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.prompt_syntax import LoraTag, is_weighted, parse, take_loras, without_syntax


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a (cat)", [("a ", 1.0), ("cat", 1.1)]),
        ("((cat))", [("cat", 1.21)]),
        ("[cat]", [("cat", 1 / 1.1)]),
        ("(cat:1.3), dog", [("cat", 1.3), (", dog", 1.0)]),
        ("(a (red:1.5) cat:0.5)", [("a ", 0.5), ("red", 0.75), (" cat", 0.5)]),
        (r"cat \(tom\)", [("cat (tom)", 1.0)]),
        ("a: b", [("a: b", 1.0)]),
        ("(cat", [("cat", 1.1)]),
        ("cat)", [("cat)", 1.0)]),
        ("(cat:.5)", [("cat", 0.5)]),
        ("(cat: 99)", [("cat", 10.0)]),
        ("", [("", 1.0)]),
    ],
)
def test_weights_are_read_as_the_tools_write_them(prompt: str, parts: list[tuple[str, float]]) -> None:
    """Brackets nest and multiply; escaped ones and lone ones are letters."""
    ((*found,),) = parse(prompt)
    assert [text for text, _ in found] == [text for text, _ in parts]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in parts])


def test_breaks_part_chunks() -> None:
    """Only the word by itself, in capitals."""
    assert len(parse("a cat BREAK a dog")) == 2
    assert len(parse("a BREAKFAST, break")) == 1


def test_loras_are_taken_out() -> None:
    """With their weights, wherever they stand."""
    prompt, tags = take_loras("a cat <lora:papercut:0.8>, red <lora:add_detail> <LORA:x:1:0.5>")
    assert prompt == "a cat , red"
    assert tags == (LoraTag("papercut", 0.8), LoraTag("add_detail", None), LoraTag("x", 1.0))
    assert take_loras("1 < 2 and 3 > 2") == ("1 < 2 and 3 > 2", ())


def test_for_others_the_syntax_goes_and_the_words_stay() -> None:
    """Numbers and breaks are taken out; plain brackets are punctuation, and a plain prompt stays as it is."""
    assert without_syntax("a (red:1.3) cat BREAK dogs") == "a red cat dogs"
    assert without_syntax("a cat (black)  on a roof [left]") == "a cat (black)  on a roof [left]"


@given(st.text(alphabet="ab ()[]:\\.0123BREAK<>lora", max_size=60))
def test_no_prompt_breaks_the_reading(prompt: str) -> None:
    """Whatever the brackets do, all other letters stay and every weight is finite."""
    for chunk in parse(prompt):
        assert all(abs(weight) <= 10 for _, weight in chunk)
    without_syntax(prompt)
    take_loras(prompt)
    if not set(prompt) & set("()[]\\") and "BREAK" not in prompt:
        assert not is_weighted(prompt)
