"""Print what the bot needs at run time, for the image: constraints from the lock, or the names from pyproject.toml.

Without hashes: pip wants them of all or of none, and torch has none, since its build differs between machines. Needs
only the standard library.
"""

import re
import sys
import tomllib
from pathlib import Path


def constraints(lock: str) -> list[str]:
    """Each package of the lock at its version."""
    return re.findall(r"(?m)^([A-Za-z0-9_.\[\]-]+==[^\s\\;]+)", lock)


def names(pyproject: str) -> list[str]:
    """The dependencies of the package itself, without those of its groups."""
    return list(tomllib.loads(pyproject)["project"]["dependencies"])


def main(arguments: list[str]) -> None:
    """``run_time_requirements.py LOCK``, or ``--names PYPROJECT``."""
    if arguments[0] == "--names":
        lines = names(Path(arguments[1]).read_text(encoding="utf-8"))
    else:
        lines = [line for line in constraints(Path(arguments[0]).read_text(encoding="utf-8")) if "[" not in line]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
