"""``python -m benchmarks.gpu [--tiny] [--json]``: the check without what the other benchmarks need installed."""

import argparse
import asyncio
import json

from . import run

parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
parser.add_argument("--tiny", action="store_true", help="the same script on a CPU, in small")
parser.add_argument("--json", action="store_true", help="print one object with the figures as the last line")
chosen = parser.parse_args()
figures = asyncio.run(run(tiny=chosen.tiny))
if chosen.json:
    print(json.dumps(figures))
