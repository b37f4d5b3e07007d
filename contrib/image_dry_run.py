"""Replay the Dockerfile's steps in a fresh folder, without Docker: a missing file or package shows.

What is copied is only what .dockerignore lets through; the package is built and installed from that; the bot starts
from it and checks a configuration; and what the code imports must be among the run-time dependencies.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEV_ONLY = {"pytest", "mypy", "ruff", "playwright", "hypothesis", "simcord", "matplotlib", "pip-tools"}


def main() -> None:
    """Run all steps; ends with 1 and a sentence at the first that fails."""
    with tempfile.TemporaryDirectory(prefix="criar-image-") as folder:
        image = Path(folder)
        app, site, data = image / "app", image / "site", image / "data"
        data.mkdir()
        for source, target in copies((ROOT / "Dockerfile").read_text(encoding="utf-8")):
            copy(source, app / target)
        print(f"copied {sum(1 for path in app.rglob('*') if path.is_file())} files")
        run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target",
             str(site), str(app)], image)  # fmt: skip
        packages = closure("criar", (ROOT / "pyproject.toml"))
        unknown = sorted(imports(site) - provided(packages))
        if unknown:
            fail(f"imported, and in no run-time dependency: {', '.join(unknown)}")
        if extra := DEV_ONLY & packages:
            fail(f"only for development, and in the image: {', '.join(sorted(extra))}")
        print(f"{len(packages)} packages, all that is imported among them")
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": str(site), "HF_HOME": folder}
        for command in (["init"], ["models", "list", "--offered"], ["check", "--offline"]):
            done = subprocess.run(
                [sys.executable, "-m", "bot", *command], cwd=data, env=environment, capture_output=True, text=True
            )
            said = done.stdout + done.stderr
            # Without a token a check fails with 1, and says that and nothing else.
            failures = [line for line in said.splitlines() if line.startswith("FAIL") and "DISCORD_TOKEN" not in line]
            if "Traceback" in said or done.returncode > 1 or failures:
                fail(f"criar {' '.join(command)}: {said}")
            print(f"criar {' '.join(command)}: well")


def copies(dockerfile: str) -> Iterator[tuple[Path, str]]:
    """Each COPY's sources, with where they go beneath /app."""
    for line in re.findall(r"(?m)^COPY (.+)$", dockerfile):
        *sources, target = line.split()
        for source in sources:
            path = ROOT / source
            if not path.exists():
                fail(f"COPY {source}: there is no such file")
            if ignored(source):
                fail(f"COPY {source}: .dockerignore keeps it out")
            yield path, f"{target}/{path.name}" if target.endswith("/") or len(sources) > 1 else target


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what .dockerignore keeps out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copyfile(source, target)


def ignored(name: str) -> bool:
    """Whether .dockerignore keeps a path out; the last line that matches decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            kept = pattern.startswith("!")
            if fnmatch(name, pattern.lstrip("!")) or name.startswith(f"{pattern.lstrip('!')}/"):
                out = not kept
    return out


def closure(name: str, pyproject: Path) -> set[str]:
    """The packages that the dependencies bring, as installed here."""
    sys.path.insert(0, str(ROOT))
    from contrib.run_time_requirements import names

    found: set[str] = set()
    left = [re.split(r"[<>=!;\[ ]", each)[0] for each in names(pyproject.read_text(encoding="utf-8"))]
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform
        left += [re.split(r"[<>=!;\[( ]", each)[0] for each in requires if "extra ==" not in each]
    return found


def provided(packages: set[str]) -> set[str]:
    """The modules that these packages bring."""
    return {
        module
        for module, owners in metadata.packages_distributions().items()
        if {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} & packages
    }


def imports(site: Path) -> set[str]:
    """What the installed code imports at top level or in functions, except the standard library, itself and extras."""
    own = {"bot", "generation", "ray", "sandbox", "bitsandbytes", "header", "builds"}
    found: set[str] = set()
    for file in [*site.glob("bot/**/*.py"), *site.glob("generation/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - own


def run(command: list[str], folder: Path) -> None:
    """Run a command, or end with what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        fail(done.stdout + done.stderr)


def fail(text: str) -> None:
    """End with 1."""
    sys.exit(f"image-dry-run: {text}")


if __name__ == "__main__":
    main()
