"""What members are told of their wait, with the real worker."""

import asyncio
from dataclasses import replace
from time import monotonic

import pytest

from generation import Picture, Started

from .studio import TERMINAL, Studio, job

STEPS = (4, 4, 4, 4, 12, 6, 16, 4, 8, 10, 4, 6)


@pytest.mark.slow
async def test_waits_pass_in_the_measure_in_which_they_were_told(studio: Studio) -> None:
    """Of pictures of mixed steps that are asked for together, each begins at its told share of the last one's wait.

    Within 30% of that wait, for nine of ten; not in seconds, since other work on the machine may slow all of them down.
    """

    async def begun(picture: Picture) -> float:
        await studio.wait(picture.id, Started)
        return monotonic()

    await studio.make([job(num_inference_steps=steps).pictures()[0] for steps in (4, 10, 4, 8)])
    pictures = [
        replace(job(num_inference_steps=steps).pictures()[0], user_id=number) for number, steps in enumerate(STEPS)
    ]
    asked = monotonic()
    studio.service.submit(pictures)
    told = [studio.service.estimate(picture.id) or 0.0 for picture in pictures]
    real = [at - asked for at in await asyncio.gather(*map(begun, pictures))]
    assert told[-1] > 0
    wrong = [abs(one / told[-1] - other / real[-1]) for one, other in zip(told, real, strict=True)]
    assert sum(each <= 0.3 for each in wrong) >= 0.9 * len(wrong)
    await asyncio.gather(*(studio.wait(picture.id, *TERMINAL) for picture in pictures))
