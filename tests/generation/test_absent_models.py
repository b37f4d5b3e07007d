"""A model that cannot be had fails its request alone."""

from dataclasses import replace

import pytest

from generation import Catalogue, Failed, Finished, Service

from .conftest import Studio, job


@pytest.mark.slow
async def test_a_model_that_the_hub_does_not_give_fails_with_a_sentence(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it is told; the next request of another model is made by the same worker."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    absent = replace(catalogue.get("sd15"), source="nobody/nothing")
    service = Service(Catalogue([catalogue.get("criar-embedded"), absent]))
    await service.start()
    studio = Studio(service)
    try:
        (failed,) = await studio.make(job(model="sd15", scheduler="DDIM").pictures())
        assert isinstance(failed, Failed)
        assert failed.template.format(**failed.params) == (
            "Stable Diffusion 1.5 cannot be loaded just now; choose another model."
        )
        assert not failed.retryable
        (made,) = await studio.make(job(num_inference_steps=2).pictures())
        assert isinstance(made, Finished)
    finally:
        await studio.close()
