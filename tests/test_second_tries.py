"""Nothing is retried in silence: what stands at the end of a run of pytest in which tests pass at the second try."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = """
from pathlib import Path
import pytest

@pytest.mark.xdist_group("fragile")
@pytest.mark.parametrize("number", range({fragile}))
def test_fragile(number):
    tried = Path(__file__).with_name(f"tried-{{number}}")
    before = tried.exists()
    tried.touch()
    assert before

def test_sound():
    pass
"""


def run(folder: Path, fragile: int, *arguments: str) -> tuple[int, str]:
    """Run a suite with so many tests that fail at the first try; its exit code and what stands at its end."""
    (folder / "test_it.py").write_text(SUITE.format(fragile=fragile))
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder), "-p", "tests.second_tries",
            "-p", "no:cacheprovider", *arguments, str(folder),
        ],
        # The outer run may allow second tries itself (PYTEST_ADDOPTS).
        cwd=ROOT, env={**os.environ, "PYTEST_ADDOPTS": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.partition("needed a second try")[2]


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("fragile", "code"), [pytest.param(2, 0, marks=pytest.mark.slow), (3, 1)])
def test_second_tries_are_named_and_more_than_two_fail_the_run(
    tmp_path: Path, workers: str, fragile: int, code: int
) -> None:
    """Two are only named; a third fails a run that passes otherwise, in one process as in several."""
    ended, said = run(tmp_path, fragile, "--reruns", "1", "-n", workers, "--dist", "loadgroup")
    assert ended == code
    named = {line for line in said.splitlines() if "::" in line}
    assert named == {f"test_it.py::test_fragile[{number}]" for number in range(fragile)}


@pytest.mark.slow
def test_without_second_tries_nothing_is_said(tmp_path: Path) -> None:
    """A run that needed none ends as ever, and one that allows none fails at the first."""
    assert run(tmp_path, 0, "--reruns", "1", "-n0") == (0, "")
    assert run(tmp_path, 1, "-n0") == (1, "")
