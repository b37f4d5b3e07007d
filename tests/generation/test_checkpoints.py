"""Each family by a tiny checkpoint in its standard layout: saved, loaded by our loader, run in the worker process."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from generation import Cancelled, Catalogue, Picture, Preview, Progress, Request, Service, Task
from generation.catalogue_files import families
from generation.families import FAMILIES
from tests.tiny import CHECKPOINTS, spec

from .studio import TERMINAL, Studio, pixels

SIZE = 96, 64
#: their pipelines work at about a megapixel whatever is asked for
LARGE = (
    "qwen_image_edit",
    "qwen_image_edit_plus",
    "qwen_image_21",
    "kandinsky5",
    "kandinsky5_edit",
    "longcat_image_edit",
    "hidream_image",
    "joyimage_edit_plus",
)
CASES = [
    pytest.param(name, Task(task), id=f"{name}-{task}") for name, (_, _, tasks) in CHECKPOINTS.items() for task in tasks
]
_numbers = iter(range(10_000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tiny_studio(folder: Path) -> AsyncIterator[Studio]:
    """One child for all families."""
    service = Service(Catalogue([spec(name, folder) for name in CHECKPOINTS]))
    await service.start()
    studio = Studio(service, patience=300)
    yield studio
    await studio.close()


@pytest.fixture(scope="module")
def inputs(folder: Path) -> dict[Task, tuple[Path, ...]]:
    x, y = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(0, 255, SIZE[1]))
    Image.fromarray(np.stack([x, y, 255 - x], -1).astype(np.uint8)).save(folder / "picture.png")
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, (0, 0, 48, 64))
    mask.save(folder / "mask.png")
    picture = folder / "picture.png"
    return {
        Task.TXT2IMG: (),
        Task.IMG2IMG: (picture,),
        Task.EDIT: (picture,),
        Task.INPAINT: (picture, folder / "mask.png"),
    }


def picture(name: str, folder: Path, task: Task, images: tuple[Path, ...], **fields: object) -> Picture:
    model = spec(name, folder)
    request = {
        "task": task, "model": model.id, "prompt": "a cat", "negative_prompt": "a dog", "seed": 1, "width": SIZE[0],
        "height": SIZE[1], "num_inference_steps": 4, "guidance_scale": 3.0, "scheduler": model.defaults.scheduler,
        "strength": 0.75 if task in (Task.IMG2IMG, Task.INPAINT) else None, "images": images, **fields,
    }  # fmt: skip
    return Picture(id=f"{name}{next(_numbers)}:0", user_id=1, request=Request(**request))  # type: ignore[arg-type]


def test_every_family_of_the_catalogue_has_a_checkpoint_for_each_of_its_tasks() -> None:
    """What families.toml says that a family can do is shown by a tiny checkpoint, and no more than the engine can."""
    shown: dict[str, set[str]] = {}
    for family, _, tasks in CHECKPOINTS.values():
        shown.setdefault(family, set()).update(tasks)
    for name, common in families().items():
        if name != "realesrgan":
            assert set(common["tasks"]) <= shown[name] <= set(FAMILIES[name].tasks), name
    for model in Catalogue.load().models:
        if model.family in FAMILIES:
            assert model.tasks <= FAMILIES[model.family].tasks, model.id


@pytest.mark.timeout(600)
@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), CASES)
async def test_a_family_does_its_task(
    tiny_studio: Studio, folder: Path, inputs: dict[Task, tuple[Path, ...]], name: str, task: Task
) -> None:
    """The task runs in the child: progress of each step, the size that was asked for, and the seed decides the picture.

    Inpainting keeps what the mask does not mark.
    """
    steps, guidance = (2, 1.0) if name in LARGE else (4, 3.0)
    settings = {"num_inference_steps": steps, "guidance_scale": guidance}
    first, again, other = (picture(name, folder, task, inputs[task], seed=seed, **settings) for seed in (1, 1, 2))
    made = [pixels(event) for event in await tiny_studio.make([first, again, other])]
    seen = [(event.step, event.of) for event in tiny_studio.events[first.id] if isinstance(event, Progress)]
    of = 3 if first.request.strength and steps == 4 else steps
    assert seen == [(step, of) for step in range(1, of + 1)]
    assert made[0].shape == (SIZE[1], SIZE[0], 3)
    assert np.abs(made[0] - made[1]).max() <= 1
    assert np.abs(made[0] - made[2]).max() > 1
    if task is Task.INPAINT:
        source = np.asarray(Image.open(inputs[task][0])).astype(np.float64)
        assert np.abs(made[0] - source)[:, 60:].max() <= 1
        assert np.abs(made[0] - source)[:, :40].max() > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKPOINTS)
async def test_a_family_shows_previews_and_can_be_stopped(
    tiny_studio: Studio, folder: Path, inputs: dict[Task, tuple[Path, ...]], name: str
) -> None:
    """A long run shows previews, where the latents' layout is known, and stops when it is cancelled."""
    task = Task(CHECKPOINTS[name][2][0])
    long = picture(name, folder, task, inputs[task], num_inference_steps=800)
    tiny_studio.service.submit([long])
    await tiny_studio.wait(long.id, Preview if FAMILIES[CHECKPOINTS[name][0]].latents else Progress, *TERMINAL)
    tiny_studio.service.cancel(long.id)
    assert isinstance(await tiny_studio.wait(long.id, *TERMINAL), Cancelled)
    assert max(event.step for event in tiny_studio.events[long.id] if isinstance(event, Progress)) < 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "flux2",
        "flux2_klein",
        "flux2_klein_kv",
        "flux_kontext",
        "joyimage_edit_plus",
        "omnigen",
        "qwen_image_edit_plus",
        "qwen_image_21",
    ],
)
async def test_several_pictures_reach_an_edit_in_the_order_given(
    tiny_studio: Studio, folder: Path, inputs: dict[Task, tuple[Path, ...]], name: str
) -> None:
    """Two inputs make another picture than the same two the other way round, and than one."""
    Image.new("RGB", (64, 96), "#e04020").save(folder / "second.png")
    first, second = inputs[Task.EDIT][0], folder / "second.png"
    requests = [picture(name, folder, Task.EDIT, images) for images in ((first, second), (second, first), (first,))]
    ends = [pixels(event) for event in await tiny_studio.make(requests)]
    assert np.abs(ends[0] - ends[1]).max() > 0
    assert np.abs(ends[0] - ends[2]).max() > 0
