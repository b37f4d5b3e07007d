"""generation.devices: whether torch can use them, asked in a process that ends with the answer."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from bot import hardware
from bot.cli.check.finding import Finding, bad, good, warning
from bot.config import Config

FORM = re.compile(r"cpu|cuda:\d+")
SECONDS = 120  # that torch may take to load on a slow disk
_ASK = """
import json, torch
there = torch.cuda.is_available()
print(json.dumps({"build": torch.version.cuda, "cards": torch.cuda.device_count() if there else 0}))
"""


def look_at_devices(config: Config) -> Iterator[Finding]:
    """Each device that is configured, and cards that are not used."""
    devices = config.generation.devices
    for device in devices:
        if not FORM.fullmatch(device):
            yield bad(f'generation.devices: “{device}” is no device; write "cpu", or "cuda:0" for the first card')
    wanted = [device for device in devices if device.startswith("cuda:")]
    seen = hardware.cards()
    if wanted:
        yield from _look_at_cards(wanted, seen)
    elif seen:
        yield warning(
            f"This machine has {seen[0].name} with {seen[0].total:.0f} GiB, which is not used: set "
            f'generation.devices = ["{seen[0].device}"]; criar models recommend says what runs on it'
        )
    if any(how.quantised for how in config.generation.loading.values()):
        yield _look_at_bitsandbytes()


def _look_at_cards(wanted: list[str], seen: list[hardware.Card]) -> Iterator[Finding]:
    try:
        said = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=SECONDS
        ).stdout
        facts = json.loads(said.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        yield bad("generation.devices: torch cannot be loaded; install the packages again (make install)")
        return
    names = {card.device: card for card in seen}
    for device in wanted:
        if facts["build"] is None:
            yield bad(f"generation.devices: {device}: this torch is built for the CPU only; install it with CUDA "
                      "(pip install torch from PyPI), or set it to \"cpu\"")  # fmt: skip
        elif not facts["cards"]:
            yield bad(f"generation.devices: {device}: torch sees no card; look at nvidia-smi and the driver, and in a "
                      "container at --gpus all")  # fmt: skip
        elif int(device.removeprefix("cuda:")) >= facts["cards"]:
            yield bad(f"generation.devices: {device}: there are {facts['cards']} cards, so the last is "
                      f"cuda:{facts['cards'] - 1}")  # fmt: skip
        elif card := names.get(device):
            yield good(f"{device}: {card.name}, {card.free:.1f} of {card.total:.1f} GiB free")
        else:
            yield good(f"{device} is there")


def _look_at_bitsandbytes() -> Finding:
    if find_spec("bitsandbytes"):
        return good("generation.loading: bitsandbytes is there for quantised weights")
    return bad(
        "generation.loading: quantised needs the package bitsandbytes, which is not installed; "
        "run pip install bitsandbytes, or take quantised out"
    )
