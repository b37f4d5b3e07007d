"""Words are found however they are written, and not where they are not."""

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.matching import Words, plain, readings

FORBIDDEN = Words(["banana", "pills", "sour grape", "cherr*", "ass", "жук", "桃"])


@pytest.mark.parametrize(
    "text",
    [
        "BANANA", "a bánana!", "b a n a n a", "b.a.n.a.n.a", "b_a_n_a_n_a", "b-a-n-a-n-a", "baaanaaana", "b4n4na",
        "ban\u200bana", "b\u0332a\u0332n\u0332a\u0332n\u0332a", "ｂａｎａｎａ", "ⓑⓐⓝⓐⓝⓐ", "𝓫𝓪𝓷𝓪𝓷𝓪", "bаnаnа", "ʙᴀɴᴀɴᴀ",
        "🇧🇦🇳🇦🇳🇦", "🅑🅐🅝🅐🅝🅐", "βanana", "ban\u00adana", "p1lls", "pi11s", "p!lls", "sour   grape", "s0ur-gr4pe",
        "cherry pie", "a$$", "a s s", "жук", "桃の絵",
    ],
)  # fmt: skip
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    """Capitals, accents, spacing, repeated letters, figures, look-alikes and what has no width hide nothing."""
    assert FORBIDDEN.find(readings(text))


@pytest.mark.parametrize(
    "text",
    ["bananas", "class", "as sold", "an assessment", "urban anatomy", "pill s", "sour grapes", "ash cherub", "жуки"],
)
def test_parts_of_other_words_are_not_found(text: str) -> None:
    """A word is found whole, unless a star leaves an end open."""
    assert FORBIDDEN.find(readings(text)) is None


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    """Whatever Unicode holds, reading ends, and reading twice changes nothing."""
    assert plain(plain(text)) == plain(text)
    FORBIDDEN.find(readings(text))


@given(st.text(min_size=1, max_size=20))
def test_any_word_can_be_forbidden_and_is_found_in_itself(word: str) -> None:
    """Every word that says anything is found where it stands alone."""
    if plain(word).strip() and "*" not in plain(word):
        assert Words([word]).find(readings(word)) == word


@pytest.mark.parametrize("text", ["a" * 4000, "1" * 4000, "@ " * 2000, "b.a.n." * 666, "\u0301" * 4000])
def test_long_texts_take_no_long_time(text: str) -> None:
    """Two hundred words in four thousand characters, made to be slow, take milliseconds."""
    words = Words([f"banana{number}" for number in range(100)] + ["a" * number for number in range(2, 102)])
    began = thread_time()
    words.find(readings(text))
    assert thread_time() - began < 1.0
