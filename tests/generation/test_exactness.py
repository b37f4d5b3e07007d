"""Each family joined in mid-run: pictures must come out as they do alone, whatever shares their forward passes."""

from pathlib import Path

import pytest

from benchmarks.exactness import SAME, joining, measure
from generation.families import FAMILIES
from tests.tiny import CHECKPOINTS

CORE = ("flux", "z_image")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in CORE else [pytest.mark.slow]) for name in joining()]
)
def test_pictures_of_a_family_that_join_in_mid_run_come_out_as_alone(tmp_path: Path, name: str) -> None:
    """Requests of all its ways, with other prompts, steps and guidance, each joining a step after the one before."""
    found = measure(name, tmp_path)
    assert found.psnr >= SAME
    assert found.rows_joined > found.rows_alone


def test_every_family_that_is_joined_is_among_those_shown_to_be_exact() -> None:
    """Whoever adds a family adds a checkpoint of it here, or it runs alone."""
    assert {name for name, family in FAMILIES.items() if family.joins} <= {
        family for family, *_ in CHECKPOINTS.values()
    }
