"""Any size becomes one that the model can make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import Catalogue, ModelSpec, images


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return Catalogue.load().get("criar-embedded")


@given(width=st.integers(16, 12_000), height=st.integers(16, 12_000))
def test_a_fitted_size_is_one_that_the_model_makes(spec: ModelSpec, width: int, height: int) -> None:
    """Any size is fitted into the limits and the multiple, with the ratio kept within one multiple where it can be."""
    for fitted in (images.fit_size(width, height, spec), images.fit_source(width, height, spec)):
        for side in fitted:
            assert spec.limits.min_side <= side <= spec.limits.max_side
            assert side % spec.limits.multiple == 0
        assert (fitted[0] >= fitted[1]) == (width >= height) or fitted[0] == fitted[1]
