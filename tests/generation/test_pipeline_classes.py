"""Every pipeline class of diffusers is run by a family, or docs/models.md says why not."""

import inspect
import re
from fnmatch import fnmatchcase
from pathlib import Path

import diffusers

from generation.families import FAMILIES

DOCS = Path(__file__).parents[2] / "docs" / "models.md"


def classes() -> set[str]:
    found = (getattr(diffusers, name) for name in dir(diffusers) if name.endswith("Pipeline"))
    return {each.__name__ for each in found if inspect.isclass(each) and issubclass(each, diffusers.DiffusionPipeline)}


def run_by_families() -> set[str]:
    named = {name for family in FAMILIES.values() for name in (*family.pipelines.values(), *family.checkpoints)}
    return named | {name for family in FAMILIES.values() for names in family.special.values() for name in names} - {""}


def excused() -> list[str]:
    """The patterns in the first column of the table."""
    rows = re.findall(r"^\| (`.*?) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return [pattern for row in rows for pattern in re.findall(r"`([^`]+)`", row)]


def test_every_pipeline_class_has_a_family_or_a_reason() -> None:
    """Whoever updates diffusers decides about its new classes."""
    left = {name for name in classes() - run_by_families() if not any(fnmatchcase(name, each) for each in excused())}
    assert left == set()


def test_what_is_excused_exists_and_is_not_run() -> None:
    """No pattern is left over, and none hides a class that a family runs."""
    assert [each for each in excused() if not any(fnmatchcase(name, each) for name in classes())] == []
    without_control = [each for each in excused() if each not in ("*Control*Pipeline",)]
    both = {name for name in run_by_families() if any(fnmatchcase(name, each) for each in without_control)}
    assert both == set()


def test_the_changelog_counts_the_families() -> None:
    """What is claimed is what there is."""
    claim = re.search(
        r"^- (\d+) families of models", (DOCS.parents[1] / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert claim
    assert int(claim[1]) == len(FAMILIES)


def test_the_families_classes_exist() -> None:
    """A name that diffusers does not have would be noticed only when somebody asks for a picture."""
    assert run_by_families() - {""} <= classes()
