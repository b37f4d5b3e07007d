"""The catalogue finds models and refuses what they cannot do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import Catalogue, ModelSpec, Request, RequestError, Task
from generation.catalogue import smallest_strength

CATALOGUE = Catalogue.load()
GOOD = Request(
    task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", width=512, height=512, num_inference_steps=20,
    guidance_scale=4.0, scheduler="DDIM",
)  # fmt: skip


def test_a_good_request_passes() -> None:
    """A request within the limits is not refused."""
    CATALOGUE.check(GOOD)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "criar-embeded"}, "did you mean criar-embedded"),
        ({"task": Task.EDIT}, "cannot do edit"),
        ({"width": 500}, "multiples of 32"),
        ({"width": 128}, "256 to 768"),
        ({"height": 2048}, "256 to 768"),
        ({"num_inference_steps": 0}, "between 1 and 100"),
        ({"guidance_scale": 31.0}, "between 0 and 30"),
        ({"scheduler": "Magic"}, "choose one of DDIM"),
        ({"task": Task.IMG2IMG, "strength": 0.0}, "above 0"),
        ({"task": Task.IMG2IMG, "strength": 1.1}, "at most 1"),
        ({"task": Task.IMG2IMG, "strength": 0.04}, "at least 0.05"),
        ({"task": Task.IMG2IMG, "strength": 0.25, "num_inference_steps": 3}, "at least 0.34"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(change: dict[str, object], sentence: str) -> None:
    """Each refusal names what would be accepted."""
    with pytest.raises(RequestError, match=sentence):
        CATALOGUE.check(replace(GOOD, **change))  # type: ignore[arg-type]


@given(st.integers(1, 100))
def test_the_strength_that_is_named_is_the_smallest_that_works(steps: int) -> None:
    """int(steps × strength) is at least one at the named strength and none a hundredth below."""
    least = smallest_strength(steps)
    assert int(steps * least) >= 1
    assert int(steps * round(least - 0.01, 2)) == 0


def test_search_is_fuzzy_and_knows_tasks() -> None:
    """Misspelt words find a model, a task narrows the search, and nothing typed shows all."""
    assert CATALOGUE.search("embeded")[0].id == "criar-embedded"
    assert CATALOGUE.search("enlarges")[0].id == "realesr-animevideov3"
    assert [spec.id for spec in CATALOGUE.search("", task=Task.UPSCALE)] == ["realesr-animevideov3"]
    assert CATALOGUE.search("xyzzy") == []


def test_search_reaches_every_one_of_hundreds_of_models() -> None:
    """With three hundred models each is found by its own name, though only 25 are shown at once."""
    base = CATALOGUE.get("criar-embedded")
    many: list[ModelSpec] = [replace(base, id=f"model-{n:03}", title=f"Model {n:03}") for n in range(300)]
    catalogue = Catalogue(many)
    assert len(catalogue.search("")) == 25
    for spec in many[::37]:
        assert catalogue.search(spec.title)[0].id == spec.id


def test_only_what_is_offered_can_be_chosen() -> None:
    """A catalogue narrowed to one model refuses the other."""
    with pytest.raises(RequestError):
        CATALOGUE.offered(["criar-embedded"]).get("realesr-animevideov3")
