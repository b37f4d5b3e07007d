"""Imports run one way, and what must stay apart does."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "generation", "sandbox", "benchmarks")


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imported(name: str, path: Path) -> set[str]:
    """The modules that a module imports when it runs, not those for type checking alone."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text()))
    return found


def test_generation_loads_neither_torch_nor_discord() -> None:
    """In a fresh interpreter, importing generation loads none of the heavy libraries and nothing of Discord's."""
    code = "import sys, generation; print(*[m for m in ('torch', 'diffusers', 'ncnn', 'discord') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == ""


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("generation", ("bot", "discord", "sqlite_utils", "sqlite3", "sandbox")),
        ("bot", ("torch", "diffusers", "transformers", "sandbox", "generation.engine", "generation.workers")),
        ("sandbox", ("bot", "generation")),
    ],
)
def test_packages_do_not_reach_where_they_must_not(package: str, forbidden: tuple[str, ...]) -> None:
    """bot uses generation's public names alone; generation and sandbox know nothing of the bot."""
    for name, path in modules():
        if name.split(".")[0] == package:
            for other in imported(name, path):
                assert not any(other == f or other.startswith(f"{f}.") for f in forbidden), f"{name} imports {other}"


def test_torch_stands_behind_the_engine_alone() -> None:
    """No module outside generation.engine imports torch or diffusers; families do so only in their functions."""
    for name, path in modules():
        if not name.startswith(("generation.engine", "generation.families", "benchmarks")):
            assert not imported(name, path) & {"torch", "diffusers", "transformers"}, name


def test_no_module_imports_itself_through_others() -> None:
    """The graph of imports has no cycle."""
    names = {name for name, _ in modules()}
    graph = {name: {m for m in imported(name, path) if m in names and m != name} for name, path in modules()}
    # A package's own __init__ may gather its modules.
    graph = {name: {m for m in wanted if not m.startswith(f"{name}.")} for name, wanted in graph.items()}
    TopologicalSorter(graph).prepare()
