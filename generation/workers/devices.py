"""What a worker's process needs before torch is imported in it, and whether a device can be used at all."""

import json
import os
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

SECONDS = 120.0  # for looking at one device: importing torch and starting a card's driver takes a while


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """What is known of a device before anything is made on it."""

    #: as configured, such as "cuda:1"
    device: str
    #: why it cannot be used and what to do; empty if it can be
    problem: str = ""
    #: of the card
    name: str = ""
    #: GiB of the card's memory, and how much of it is free
    total: float | None = None
    free: float | None = None


def narrow(device: str, environ: MutableMapping[str, str]) -> str:
    """Let this process see only its own card, and return the name of that card in it.

    Must be called before torch is imported. What libraries do on "the current device" is done on the right card then,
    for example quantising weights. Memory is reserved in segments that can grow, since ever-changing numbers of rows
    would fragment it.
    """
    if not device.startswith("cuda"):
        return device
    index = int(device.partition(":")[2] or 0)
    visible = [name.strip() for name in environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    # An index beyond what is visible is kept: there is no such card then, and that is what is reported.
    environ["CUDA_VISIBLE_DEVICES"] = visible[index] if index < len(visible) else "-1" if visible else str(index)
    for name in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"):
        environ.setdefault(name, "expandable_segments:True")
    return "cuda:0"


def probe(devices: Sequence[str]) -> list[DeviceReport]:
    """Ask torch about devices, each in a separate process; blocks for seconds."""
    return [_probe(device) for device in devices]


def _probe(device: str) -> DeviceReport:
    code = f"import sys; sys.path = {sys.path!r}; from generation.workers.devices import main; main({device!r})"
    try:
        done = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return DeviceReport(**json.loads(done.stdout.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return DeviceReport(
            device=device, problem=f"{device} did not answer within {SECONDS:.0f} s; is its driver stuck?"
        )
    except (OSError, ValueError, IndexError, TypeError):
        words = done.stderr.strip().splitlines()[-1:] or ["the process that looked at it ended without a word"]
        return DeviceReport(device=device, problem=f"{device} cannot be used: {words[0]}")


def main(device: str) -> None:
    """Print a DeviceReport as JSON: the main function of the process that looks."""
    here = narrow(device, os.environ)
    try:
        report = _report(device, here)
    except Exception as error:  # noqa: BLE001 - whatever torch or the driver raises is the answer
        report = DeviceReport(device=device, problem=f"{device} cannot be used: {str(error).partition(chr(10))[0]}")
    sys.stdout.write("\n" + json.dumps(asdict(report)) + "\n")


def _report(device: str, here: str) -> DeviceReport:
    import torch

    if device == "cpu":
        return DeviceReport(device=device, name=f"{torch.get_num_threads()} threads")
    if reason := why_not(device, torch):
        return DeviceReport(device=device, problem=f"{device} cannot be used: {reason}")
    (torch.zeros(8, device=here) + 1).sum().item()  # a card that this build has no kernels for fails here
    free, total = torch.cuda.mem_get_info(here)
    return DeviceReport(
        device=device, name=torch.cuda.get_device_name(here), total=round(total / 2**30, 1), free=round(free / 2**30, 1)
    )


def why_not(device: str, torch: Any) -> str:
    """Return why torch cannot use a card that this process was narrowed to, and what to do; empty if it can."""
    if not device.startswith("cuda"):
        return "there is no such device; write cpu, or cuda:0, cuda:1 … in generation.devices"
    if torch.version.cuda is None:
        return "this torch was built without CUDA; install the build for CUDA, see docs/gpu.md"
    if not torch.cuda.is_available() and torch.cuda.device_count() == 0:
        return (
            "no such NVIDIA card or driver is found; see what nvidia-smi says, whether the container was given the "
            "card, and which cards generation.devices names"
        )
    return ""
