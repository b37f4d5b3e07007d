"""Imports run one way, and what must stay apart does."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import generation
from generation import provenance

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "generation", "sandbox", "benchmarks", "training", "docs")

#: the layers of bot, the highest first; a module imports from layers below its own, or from its own part of bot
LAYERS = (
    {"__main__"},
    {"cli"},
    {"app"},
    {"dispatch"},
    {"commands"},
    {"components"},
    {"background", "connection", "interactions"},
    {"client"},
    {"jobs"},
    {"messages", "metrics", "moderation"},
    {"store", "requests"},
    {"quota"},
    {"config", "text"},
    {"errors", "hardware"},
)
#: what each package must not import
WALLS = {
    "generation": ("bot", "discord", "sqlite_utils", "sqlite3", "sandbox"),
    "bot": ("torch", "diffusers", "transformers", "sandbox"),
    "sandbox": ("bot", "generation"),
}
MOST_MODULES = 14  # of a folder of bot
ENGINES = ("torch", "diffusers", "transformers")
LOADING_TORCH = ("generation.engine", "generation.families", "generation.workers", "benchmarks", "training")

Sources = Mapping[str, str]
Graph = dict[str, set[str]]


def sources() -> dict[str, str]:
    """The text of each module, by its dotted name; a package goes by its own."""
    return {name: path.read_text() for name, path in _paths()}


def _paths() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imported(name: str, text: str, modules: Iterable[str]) -> set[str]:
    """What a module imports wherever it does so: at its top, in a function, or for type checking only.

    ``from a import b`` is ``a.b``; ``a`` is what it leads to if ``b`` is no module.
    """
    is_package = any(other.startswith(f"{name}.") for other in modules)
    package = name if is_package else name.rpartition(".")[0]
    found: set[str] = set()
    for node in _import_statements(text):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        else:
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


@cache
def _import_statements(text: str) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]


def graph_of(texts: Sources) -> Graph:
    """The modules that each module imports, among those whose text is given."""
    graph: Graph = {}
    for name, text in texts.items():
        wanted = imported(name, text, texts)
        # The name of a class or function leads to the module that it stands in.
        graph[name] = {m if m in texts else m.rpartition(".")[0] for m in wanted} & set(texts) - {name}
    return graph


def circle(graph: Graph) -> list[str]:
    """The modules of a circle of imports; none if there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def upward(graph: Graph) -> list[str]:
    """The imports of bot that run up or across the layers."""
    level = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    found = []
    for name, wanted in graph.items():
        for other in wanted:
            if name.startswith("bot.") and other.startswith("bot."):
                part, below = name.split(".")[1], other.split(".")[1]
                if part != below and level[part] >= level[below]:
                    found.append(f"{name} imports {other}")
    return found


def past_the_walls(texts: Sources, walls: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The imports that a package must not have."""
    return [
        f"{name} imports {other}"
        for name, text in texts.items()
        for other in imported(name, text, texts)
        if any(other == wall or other.startswith(f"{wall}.") for wall in walls.get(name.split(".")[0], ()))
    ]


def past_the_front_door(texts: Sources, public: Iterable[str]) -> list[str]:
    """The imports by which bot takes from generation what is not one of its public names."""
    allowed = {f"generation.{name}" for name in public}
    return [
        f"{name} imports {other}"
        for name, text in texts.items()
        if name.split(".")[0] == "bot"
        for other in imported(name, text, texts)
        if other.split(".")[0] == "generation" and other not in allowed
    ]


def beside_the_engine(texts: Sources) -> list[str]:
    """The modules of bot, generation and sandbox that load torch or diffusers, except the engine.

    Families and workers do so only in functions that run in a worker's process, as benchmarks may anywhere.
    """
    return [
        name
        for name, text in texts.items()
        if not name.startswith(
            ("generation.engine", "generation.families", "generation.workers", "benchmarks", "training")
        )
        if any(other.split(".")[0] in ENGINES for other in imported(name, text, texts))
    ]


def for_types_only(texts: Sources) -> list[str]:
    """The modules of bot that import something for type checking only."""
    return [name for name, text in texts.items() if name.split(".")[0] == "bot" and "TYPE_CHECKING" in text]


def test_no_folder_of_the_bot_holds_more_than_fourteen_modules() -> None:
    """Whoever opens a folder of bot can take it in at a glance."""
    folders = Counter(path.parent for path in (ROOT / "bot").rglob("*.py"))
    assert {folder.name: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_generation_loads_neither_torch_nor_discord() -> None:
    """In a fresh interpreter, importing generation loads no heavy library, and nothing of Discord's or Ray's."""
    heavy = ("torch", "diffusers", "ncnn", "discord", "ray")
    code = f"import sys, generation; print(*[m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == ""


def test_a_bot_without_a_cluster_loads_nothing_of_ray() -> None:
    """In a fresh interpreter, neither the bot's whole program nor a service of local devices loads Ray."""
    code = (
        "import sys, bot.app, bot.cli.main, generation; "
        "generation.Service(generation.Catalogue.load(), ('cpu',)); "
        "print(*[name for name in sys.modules if name.partition('.')[0] == 'ray'])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == ""


def test_packages_do_not_reach_where_they_must_not() -> None:
    """Generation and sandbox know nothing of the bot, and the bot neither of torch nor of the sandbox."""
    assert past_the_walls(sources(), WALLS) == []


def test_the_bot_takes_only_public_names_of_generation() -> None:
    """Whatever bot imports is listed in the __all__ of generation or of its provenance; no module behind is reached."""
    public = [*generation.__all__, "provenance", *(f"provenance.{name}" for name in provenance.__all__)]
    assert past_the_front_door(sources(), public) == []


def test_only_the_engine_loads_torch() -> None:
    """No module outside generation.engine imports torch or diffusers; families do so only in their functions."""
    assert beside_the_engine(sources()) == []


def test_the_bot_imports_nothing_for_type_checking_only() -> None:
    """What a module of bot needs for its annotations it imports like everything else."""
    assert for_types_only(sources()) == []


def test_no_module_imports_itself_through_others() -> None:
    """The graph of imports has no circle, type-only imports and those in functions counted."""
    assert circle(graph_of(sources())) == []


def test_the_bots_imports_run_down_the_layers() -> None:
    """No module of bot imports from its own layer's other parts or from above; each part of bot has its layer."""
    texts = sources()
    parts = {name.split(".")[1] for name in texts if name.startswith("bot.")}
    assert parts == set().union(*LAYERS)
    assert upward(graph_of(texts)) == []


#: a bot in small that keeps all rules
SMALL = {
    "bot": "",
    "bot.quota": "from .errors import Refusal",
    "bot.errors": "from generation import GenerationError",
    "bot.client": "from bot.jobs import manager",
    "bot.jobs": "",
    "bot.jobs.manager": "from bot.quota import plan\nfrom . import events",
    "bot.jobs.events": "from generation import Service",
    "generation": "from .service import Service\nfrom .errors import GenerationError",
    "generation.service": "def start():\n    from .worker import run",
    "generation.worker": "def run():\n    from .engine import Engine",
    "generation.engine": "import torch",
    "generation.errors": "",
    "sandbox": "",
}
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def test_what_keeps_the_rules_passes() -> None:
    """The small bot breaks none of them, so that each planted line below is what is found."""
    assert circle(graph_of(SMALL)) == []
    assert upward(graph_of(SMALL)) == []
    assert past_the_walls(SMALL, WALLS) == []
    assert past_the_front_door(SMALL, ("Service", "GenerationError")) == []
    assert beside_the_engine(SMALL) == []
    assert for_types_only(SMALL) == []


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("bot.jobs.events", "from .manager import JobManager", "circle"),
        ("bot.jobs.events", f"{FOR_TYPES}from .manager import JobManager", "circle"),
        ("bot.jobs.events", "def later():\n    from bot.jobs.manager import JobManager", "circle"),
        ("generation.errors", "from . import Service", "circle"),
        ("bot.errors", "from bot.client import Criar", "upward"),
        ("bot.errors", f"{FOR_TYPES}import bot.client", "upward"),
        ("bot.jobs.events", f"{FOR_TYPES}from bot.quota import plan", "for types only"),
        ("bot.quota", "import sandbox", "walls"),
        ("bot.quota", "from torch import nn", "walls"),
        ("generation.worker", "import bot.quota", "walls"),
        ("sandbox", "from generation import Service", "walls"),
        ("bot.quota", "from generation import Hidden", "front door"),
        ("bot.quota", "from generation.service import Service", "front door"),
        ("bot.quota", "import generation.service", "front door"),
        ("generation.worker", "import torch", "torch"),
    ],
)
def test_what_breaks_a_rule_is_found(module: str, line: str, broken: str) -> None:
    """One line more in one module of the small bot, and the rule that it breaks says so."""
    texts = {**SMALL, module: f"{SMALL[module]}\n{line}\n"}
    found = {
        "circle": circle(graph_of(texts)),
        "upward": upward(graph_of(texts)),
        "walls": past_the_walls(texts, WALLS),
        "front door": past_the_front_door(texts, ("Service", "GenerationError")),
        "torch": beside_the_engine(texts),
        "for types only": for_types_only(texts),
    }
    assert found[broken]


def test_parts_of_one_layer_do_not_import_each_other() -> None:
    """Config and text stand side by side, so neither leans on the other."""
    assert upward({"bot.config.schema": {"bot.text.translate"}}) == ["bot.config.schema imports bot.text.translate"]
    assert upward({"bot.config.schema": {"bot.config", "bot.errors"}}) == []
