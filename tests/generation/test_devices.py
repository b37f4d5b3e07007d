"""Devices that cannot be used, and what a worker's process is given before torch is there."""

import asyncio
import os
import subprocess
import sys

import pytest

from generation import Catalogue, Service
from generation.workers.devices import narrow, probe

from .studio import Studio, job

PATIENCE = 300  # seconds, for two processes that import torch at the same time


@pytest.mark.parametrize(
    ("device", "before", "after"),
    [
        ("cuda:1", None, "1"),
        ("cuda", None, "0"),
        ("cuda:1", "4,6", "6"),
        ("cuda:0", "GPU-abc", "GPU-abc"),
        ("cuda:2", "4,6", "-1"),
        ("cpu", "4,6", "4,6"),
    ],
)
def test_a_process_sees_only_its_own_card(device: str, before: str | None, after: str) -> None:
    """Whatever the operator let the bot see, the card is the only one there, and is called cuda:0."""
    environ = {} if before is None else {"CUDA_VISIBLE_DEVICES": before}
    assert narrow(device, environ) == ("cpu" if device == "cpu" else "cuda:0")
    assert environ["CUDA_VISIBLE_DEVICES"] == after
    assert ("expandable_segments:True" in environ.values()) is (device != "cpu")


def test_nothing_imports_torch_before_the_card_is_chosen() -> None:
    """The module whose function a worker's process begins with does not, nor does anything that it imports."""
    code = "import sys, generation.workers.local; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_torch_is_asked_whether_a_device_can_be_used() -> None:
    """In a process of its own: the CPU can, a card that is not there cannot, and it is said what to do."""
    good, bad, odd = probe(["cpu", "cuda:63", "tpu"])
    assert good.problem == ""
    assert bad.problem.startswith("cuda:63 cannot be used: ")
    assert "nvidia-smi" in bad.problem or "without CUDA" in bad.problem
    assert "generation.devices" in odd.problem


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_worker_that_cannot_start_is_a_state_and_no_loop(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known why, nothing can be made, what waits waits, and the worker is tried again seldom."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    service = Service(catalogue, devices=["cuda:0"])
    await service.start()
    studio = Studio(service)
    try:
        assert service.can_make()  # nothing is known yet
        (picture,) = job().pictures()
        service.submit([picture])
        await asyncio.wait_for(service.trouble_changed.wait(), PATIENCE)
        (trouble,) = service.trouble()
        assert trouble.params["device"] == "cuda:0"
        assert not service.can_make()
        assert service.waiting() == 1
        assert picture.id not in studio.events
    finally:
        await studio.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_device_that_works_is_not_held_up_by_one_that_does_not(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are made on the CPU while the card is in trouble."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    service = Service(catalogue, devices=["cuda:0", "cpu"])
    await service.start()
    studio = Studio(service, patience=PATIENCE)
    try:
        await asyncio.wait_for(service.trouble_changed.wait(), PATIENCE)
        assert service.can_make()
        await studio.make(job(num_inference_steps=2).pictures())
        assert len(service.trouble()) == 1
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    finally:
        await studio.close()
