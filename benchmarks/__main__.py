"""``python -m benchmarks NAME [--quick] [--json]``: --quick ends within a minute, --json prints the figures last."""

import argparse
import asyncio
import json
import logging

from . import acknowledgement, embedded, fairness, overhead, queue, startup, strength

NAMES = {
    "acknowledgement": acknowledgement.run,
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
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    figures = asyncio.run(NAMES[chosen.name](quick=chosen.quick))
    for name, value in figures.items():
        print(f"{name}: {value}")
    if chosen.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
