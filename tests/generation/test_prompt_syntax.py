"""The syntax of weights, breaks and LoRAs in prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.prompt_syntax import LoraTag, changes, is_weighted, parse, settled, take_loras, without_syntax


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


@pytest.mark.parametrize(
    ("prompt", "read"),
    [
        ("[a cat:a dog:0.4] sits", "a dog sits"),
        ("[a cat:a dog:0.6] sits", "a cat sits"),
        ("[a cat:a dog:4]", "a dog"),
        ("a [red:3] cat", "a red cat"),
        ("a [red::16] cat", "a red cat"),
        ("[cat|dog|cow] in a hat", "cat in a hat"),
        ("[[a:b:0.2]:c:0.9]", "b"),
        ("[(red:1.2):blue:0.9] cat", "(red:1.2) cat"),
        ('{"box": ["a|b", "c:1"]}', '{"box": ["a|b", "c:1"]}'),
        (r"a \[b|c\]", r"a \[b|c\]"),
    ],
)
def test_words_that_would_change_are_read_as_those_that_stand_longest(prompt: str, read: str) -> None:
    """A prompt stays as it is through the whole run here; none of its brackets or numbers is drawn."""
    assert settled(prompt) == read
    assert changes(prompt) == (prompt != read)
    if prompt != read:
        assert is_weighted(prompt)
        assert parse(prompt) == parse(read)


def test_and_parts_chunks_with_their_weights() -> None:
    """Only as a word by itself between words that are not in capitals, which are lettering."""
    assert parse("cat :1.2 AND dog") == ((("cat", 1.2),), (("dog", 1.0),))
    assert len(parse("a sign, SALT AND PEPPER")) == 1
    assert without_syntax("a cat AND a dog") == "a cat AND a dog"


def test_loras_options_are_read() -> None:
    """The denoiser's weight, by its place or its name; ComfyUI's name for it, and hypernetworks, are taken out too."""
    _, tags = take_loras("<lora:a:te=0.2:unet=0.8> <lora:b:0.7:lbw=MIDD> <wlr:c:0.5> <hypernet:d:1>")
    assert tags == (LoraTag("a", 0.8), LoraTag("b", 0.7), LoraTag("c", 0.5), LoraTag("d", 1.0))


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
