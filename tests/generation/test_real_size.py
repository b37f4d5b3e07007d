"""A model of real size on this machine: Stable Diffusion 1.5's 860 M parameters, with random weights."""

import shutil
from pathlib import Path

import pytest

from generation import Catalogue, Picture, Progress, Request, Service, Task
from generation.catalogue_files import read_models
from generation.engine.load_policy import parameters
from tests.tiny.real_size import stable_diffusion_15

from .studio import Studio, pixels

GIB = 2**30
HALF, SINGLE = 2, 4  # bytes of a number
LIBRARIES = 1.0  # GiB that the child takes without any model


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_stable_diffusion_of_real_size_stays_within_the_catalogues_memory(tmp_path: Path) -> None:
    """512×512 for two steps runs in the child, and takes no more than the catalogue says.

    The catalogue counts in half precision; a CPU computes in single, which takes twice as much.
    """
    folder = stable_diffusion_15(tmp_path / "real")
    sizes = parameters(folder)
    assert 859e6 < sizes["unet"] < 861e6
    entry = {"id": "real", "family": "stable_diffusion", "source": str(folder)}
    (spec,) = read_models([entry], "tests", tmp_path)
    memory = spec.memory
    assert memory
    assert sum(sizes.values()) * HALF / GIB < memory
    shipped = Catalogue.load()
    service = Service(Catalogue([shipped.get("realesr-animevideov3"), spec]))
    await service.start()
    studio = Studio(service, patience=500)
    try:
        request = Request(
            task=Task.TXT2IMG, model="real", prompt="a lighthouse", seed=1, width=512, height=512,
            num_inference_steps=2, guidance_scale=7.5, scheduler="DPM++ 2M Karras",
        )  # fmt: skip
        (end,) = await studio.make([Picture(id="real:0", user_id=1, request=request)])
        assert pixels(end).shape == (512, 512, 3)
        assert [event.step for event in studio.events["real:0"] if isinstance(event, Progress)] == [1, 2]
        (pid,) = service.worker_pids()
        peak = _peak(pid)
    finally:
        await studio.close()
        shutil.rmtree(folder)
    weights = sum(sizes.values()) * SINGLE / GIB

    assert weights < peak < memory * SINGLE / HALF + LIBRARIES


def _peak(pid: int) -> float:
    """GiB of the most memory that the process had, as Linux counts."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / GIB
