"""``python -m benchmarks NAME [--quick] [--json]``: --quick ends within a minute, --json prints the figures last."""

import argparse
import asyncio
import json
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import (
    acknowledgement,
    batching,
    cluster,
    crash,
    devices,
    embedded,
    estimates,
    exactness,
    fairness,
    models,
    overhead,
    previews,
    queue,
    scale,
    soak,
    startup,
    strength,
)
from . import filter as output_filter

NAMES: dict[str, Callable[..., Any]] = {
    "acknowledgement": acknowledgement.run,
    "batching": batching.run,
    "cluster": cluster.run,
    "crash": crash.run,
    "devices": devices.run,
    "embedded": embedded.run,
    "estimates": estimates.run,
    "exactness": exactness.run,
    "fairness": fairness.run,
    "models": models.run,
    "filter": output_filter.run,
    "overhead": overhead.run,
    "previews": previews.run,
    "queue": queue.run,
    "scale": scale.run,
    "soak": soak.run,
    "startup": startup.run,
    "strength": strength.run,
}


def main() -> None:
    """Run one benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--json", action="store_true", help="print the figures as one object on the last line")
    parser.add_argument("--kills", type=int, default=200, help="crash: how often the bot is killed")
    parser.add_argument("--minutes", type=float, help="soak: how long the day is")
    parser.add_argument("--out", type=Path, help="batching, fairness, queue, soak: where to write the plot")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    asked: dict[str, dict[str, Any]] = {
        "batching": {"out": chosen.out},
        "crash": {"kills": chosen.kills},
        "fairness": {"out": chosen.out},
        "queue": {"out": chosen.out},
        "soak": {"minutes": chosen.minutes, "out": chosen.out},
    }
    options = asked.get(chosen.name, {})
    # As with Ctrl-C, processes and folders of the benchmark are cleaned up.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    figures = asyncio.run(NAMES[chosen.name](quick=chosen.quick, **options))
    for name, value in figures.items():
        print(f"{name}: {value}")
    if chosen.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
