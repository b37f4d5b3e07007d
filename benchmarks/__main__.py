"""``python -m benchmarks NAME [--quick] [--json]``: --quick ends within a minute, --json prints the figures last."""

import argparse
import asyncio
import json
import logging

from . import acknowledgement, crash, embedded, fairness, overhead, queue, startup, strength

NAMES = {
    "acknowledgement": acknowledgement.run,
    "crash": crash.run,
    "embedded": embedded.run,
    "fairness": fairness.run,
    "overhead": overhead.run,
    "queue": queue.run,
    "startup": startup.run,
    "strength": strength.run,
}


def main() -> None:
    """Run one benchmark and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--json", action="store_true", help="print one object with the figures as the last line")
    parser.add_argument("--kills", type=int, default=200, help="of crash: how often the bot is killed")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    options = {"kills": chosen.kills} if chosen.name == "crash" else {}
    figures = asyncio.run(NAMES[chosen.name](quick=chosen.quick, **options))
    for name, value in figures.items():
        print(f"{name}: {value}")
    if chosen.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
