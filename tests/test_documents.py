"""What the documents name is there: files, tests and benchmarks."""

import pkgutil
import re
from pathlib import Path

import pytest

import benchmarks

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
#: a path of ours between backticks, and the folders that it may begin with
NAMED = re.compile(r"`((?:bot|generation|tests|sandbox|benchmarks|training|docs|contrib)/[\w./-]*)`")
HELPERS = {"__main__", "bare", "caches", "contenders", "nodes", "pictures", "plots", "rig", "watch"}  # no benchmarks


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    """A file that was moved is moved in the documents too."""
    text = document.read_text().partition("\n## 0.1.0")[0]  # what was true of an old release stays as it was written
    assert [path for path in NAMED.findall(text) if not (ROOT / path).exists()] == []


def test_readme_names_every_benchmark() -> None:
    """Whoever wants a figure finds the command for it."""
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if "python -m benchmarks NAME" in line)
    named = set(re.findall(r"`([a-z]+)`", row))
    assert named == {module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - HELPERS
