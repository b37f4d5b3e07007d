"""generation.devices: whether torch can use them, asked in a process that ends with the answer."""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from bot import hardware
from bot.cli.check.finding import Finding, bad, good, warning
from bot.config import Config
from generation import probe

FORM = re.compile(r"cpu|cuda:\d+")


def look_at_devices(config: Config) -> Iterator[Finding]:
    """Each device that is configured, and cards that are not used."""
    devices = config.generation.devices
    for device in devices:
        if not FORM.fullmatch(device):
            yield bad(f'generation.devices: “{device}” is no device; write "cpu", or "cuda:0" for the first card')
    wanted = [device for device in devices if device.startswith("cuda:")]
    if wanted:
        yield from _look_at_cards(wanted)
    elif seen := hardware.cards():
        yield warning(
            f"This machine has {seen[0].name} with {seen[0].total:.0f} GiB, which is not used: set "
            f'generation.devices = ["{seen[0].device}"]; criar models recommend says what runs on it'
        )
    if any(how.quantised for how in config.generation.loading.values()):
        yield _look_at_bitsandbytes()


def _look_at_cards(devices: Sequence[str]) -> Iterator[Finding]:
    for report in probe(devices):
        if report.problem:
            yield bad(f"generation.devices: {report.problem}")
        else:
            yield good(f"{report.device}: {report.name}, {report.free} of {report.total} GiB free")


def _look_at_bitsandbytes() -> Finding:
    if find_spec("bitsandbytes"):
        return good("generation.loading: bitsandbytes is there for quantised weights")
    return bad(
        "generation.loading: quantised needs the package bitsandbytes, which is not installed; "
        "run pip install bitsandbytes, or take quantised out"
    )
