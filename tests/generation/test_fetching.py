"""A model that cannot be had fails its request alone."""

import asyncio
from dataclasses import replace
from pathlib import Path
from threading import current_thread

import pytest

from generation import Cancelled, Catalogue, Failed, Finished, ModelSpec, Service, Started
from tests.hub import local_hub

from .studio import Studio, job
from .test_loaded_models import engine_of, events_of, request


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
            "Stable Diffusion 1.5 cannot be loaded right now; choose another model."
        )
        assert not failed.retryable
        (made,) = await studio.make(job(num_inference_steps=2).pictures())
        assert isinstance(made, Finished)
    finally:
        await studio.close()


@pytest.mark.slow
async def test_pictures_of_other_models_are_made_while_one_is_fetched(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They go before those that wait for it, which can be cancelled meanwhile and are made once it has come."""
    embedded = catalogue.get("criar-embedded")
    folder = Path(embedded.source)
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with local_hub() as hub:
        hub.put("somebody/something", files)
        hub.open.clear()
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        absent = replace(embedded, id="absent", source="somebody/something")
        service = Service(Catalogue([absent, embedded]))
        await service.start()
        studio = Studio(service)
        try:
            first, second, third, *others = job(model="absent", count=20, num_inference_steps=2).pictures()
            service.submit([first, second, third, *others])
            for _ in range(2):
                (made,) = await studio.make(job(2, num_inference_steps=2).pictures())
                assert isinstance(made, Finished)
            assert service.lacks_model(second.id)
            service.cancel(first.id)
            service.cancel(others[-1].id)
            assert isinstance(await studio.wait(first.id, Finished, Cancelled), Cancelled)
            assert isinstance(await studio.wait(others[-1].id, Finished, Cancelled), Cancelled)
            assert not any(isinstance(event, Started) for event in studio.events.get(second.id, []))
            assert service.waiting() > 10  # for no place is taken by what cannot begin
            hub.open.set()
            ends = await asyncio.gather(
                *(studio.wait(each.id, Finished, Failed) for each in (second, third, *others[:-1]))
            )
            assert all(isinstance(end, Finished) for end in ends)
            assert not service.lacks_model(second.id)
        finally:
            hub.open.set()
            await studio.close()


def test_a_transfer_that_breaks_ends_after_one_try(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the HTTP client raises: its picture fails with a sentence, and the engine's thread fetches nothing."""
    tries: list[str] = []

    class ReadTimeout(Exception):
        """The client's, which derives from nothing that is known here."""

    def fetch(_: ModelSpec) -> None:
        tries.append(current_thread().name)
        raise ReadTimeout("stalled")

    monkeypatch.setattr("generation.engine.engine.ensure_downloaded", fetch)
    spec = replace(Catalogue.load().get("sd15"), source="maker/stalled")
    failed = events_of(engine_of(spec), request(spec))[-1]
    assert isinstance(failed, Failed)
    assert failed.template == "{model} cannot be loaded right now; choose another model."
    assert tries == ["fetch-sd15"]
    assert "stalled" in caplog.text
