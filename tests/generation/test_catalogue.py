"""The catalogue finds models and refuses what they cannot do."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from generation import Catalogue, LoraSpec, ModelSpec, Request, RequestError, Task

CATALOGUE = Catalogue.load()
GOOD = Request(
    task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", width=512, height=512, num_inference_steps=20,
    guidance_scale=4.0, scheduler="DDIM",
)  # fmt: skip


def test_a_good_request_passes() -> None:
    """A request within the limits is not refused."""
    CATALOGUE.check(GOOD)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "criar-embeded"}, "did you mean criar-embedded"),
        ({"model": "nope"}, "“nope”; there are "),
        ({"task": Task.EDIT}, "cannot do edit"),
        ({"width": 500}, "multiples of 32"),
        ({"width": 128}, "256 to 768"),
        ({"height": 2048}, "256 to 768"),
        ({"num_inference_steps": 0}, "between 1 and 100"),
        ({"guidance_scale": 31.0}, "between 0 and 30"),
        ({"scheduler": "Magic"}, "choose one of DPM"),
        ({"task": Task.IMG2IMG, "strength": 0.0}, "above 0"),
        ({"task": Task.IMG2IMG, "strength": 1.1}, "at most 1"),
        ({"task": Task.IMG2IMG, "strength": 0.04}, "at least 0.05"),
        ({"task": Task.IMG2IMG, "strength": 0.25, "num_inference_steps": 3}, "at least 0.34"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(change: dict[str, object], sentence: str) -> None:
    """Each refusal names what would be accepted."""
    with pytest.raises(RequestError, match=sentence):
        CATALOGUE.check(replace(GOOD, **change))  # type: ignore[arg-type]


def test_search_is_fuzzy_and_knows_tasks() -> None:
    """Misspelt words find a model, a task narrows the search, and nothing typed shows all."""
    assert CATALOGUE.search("embeded")[0].id == "criar-embedded"
    assert CATALOGUE.search("enlarges")[0].id == "realesr-animevideov3"
    upscalers = ["realesr-animevideov3", "realesrgan-x4plus"]
    assert [spec.id for spec in CATALOGUE.search("", task=Task.UPSCALE)] == upscalers
    assert {spec.id for spec in CATALOGUE.search("kontxt", task=Task.EDIT)} == {"flux-kontext"}
    assert CATALOGUE.search("xyzzy") == []


def test_search_reaches_every_one_of_hundreds_of_models() -> None:
    """With three hundred models each is found by its own name, though only 25 are shown at once."""
    base = CATALOGUE.get("criar-embedded")
    many: list[ModelSpec] = [replace(base, id=f"model-{n:03}", title=f"Model {n:03}") for n in range(300)]
    catalogue = Catalogue(many)
    assert len(catalogue.search("")) == 25
    for spec in many[::37]:
        assert catalogue.search(spec.title)[0].id == spec.id


def test_only_what_is_offered_can_be_chosen() -> None:
    """A catalogue narrowed to one model refuses the other."""
    with pytest.raises(RequestError):
        CATALOGUE.offered(["criar-embedded"]).get("realesr-animevideov3")


def test_a_hundred_models_are_listed_each_with_what_people_need_to_know() -> None:
    """Ids and titles are unique, sources are of the hub, and every model says what it is good at, with a sample."""
    models = [spec for spec in CATALOGUE.models if not Path(spec.source).is_absolute() and spec.family != "realesrgan"]
    assert len(models) >= 100
    assert len({spec.id for spec in CATALOGUE.models}) == len({spec.title for spec in CATALOGUE.models})
    assert len({(spec.source, spec.file) for spec in models}) == len(models)
    for spec in models:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", spec.source), spec.id
        assert re.fullmatch(r"[a-z0-9-]{3,40}", spec.id)
        assert 10 < len(spec.description) <= 100, spec.id
        assert spec.samples, spec.id
        assert spec.prompt_style, spec.id
        assert spec.composition, spec.id


@pytest.mark.parametrize("spec", CATALOGUE.models, ids=lambda spec: spec.id)
def test_a_model_s_own_defaults_are_accepted(spec: ModelSpec) -> None:
    """What a member gets who chooses nothing is within the model's own limits, for each of its tasks."""
    for task in spec.tasks:
        usual = spec.defaults
        CATALOGUE.check(
            Request(
                task=task, model=spec.id, prompt="x", width=usual.width, height=usual.height,
                num_inference_steps=usual.num_inference_steps, guidance_scale=usual.guidance_scale,
                scheduler=usual.scheduler, strength=0.5 if task in (Task.IMG2IMG, Task.INPAINT) else None,
            )
        )  # fmt: skip


def test_every_scheduler_that_is_named_is_known() -> None:
    """What a member can choose is what the engine can make."""
    from generation.engine.schedulers import CLASSES, DEFAULT

    for spec in CATALOGUE.models:
        assert set(spec.schedulers) <= {*CLASSES, DEFAULT}, spec.id


def test_every_family_is_proven_by_a_checkpoint() -> None:
    """No model is listed whose family no tiny checkpoint runs through the worker, for each of its tasks."""
    from tests.tiny import CHECKPOINTS

    proven: dict[str, set[str]] = {}
    for family, _, tasks in CHECKPOINTS.values():
        proven.setdefault(family, set()).update(tasks)
    for spec in CATALOGUE.models:
        if spec.family != "realesrgan":
            assert set(spec.tasks) <= proven[spec.family], spec.id


def test_what_a_family_takes_is_known_before_the_queue() -> None:
    """How many pictures an edit may start from, and whether a negative prompt is heard, come from the family."""
    several, one = CATALOGUE.get("qwen-image-edit-2511"), CATALOGUE.get("instruct-pix2pix")
    assert (several.limits.max_images, one.limits.max_images) == (3, 1)
    assert not CATALOGUE.get("flux2-dev").limits.negative_prompt
    usual = one.defaults
    request = Request(
        task=Task.EDIT, model=one.id, prompt="x", width=512, height=512, scheduler=usual.scheduler,
        num_inference_steps=usual.num_inference_steps, images=(Path("a.png"), Path("b.png")),
    )  # fmt: skip
    with pytest.raises(RequestError, match=r"at most 1 picture\(s\), not 2"):
        CATALOGUE.check(request)


def test_every_lora_fits_a_model() -> None:
    """No adapter is listed that nothing can wear."""
    assert CATALOGUE.loras
    for lora in CATALOGUE.loras:
        assert any(lora in spec.loras for spec in CATALOGUE.models), lora.id
    assert len(CATALOGUE.loras) == len({lora.id for lora in CATALOGUE.loras})


def test_patterns_choose_models_in_the_order_they_are_named() -> None:
    """A pattern stands for all that it matches; each model comes once; one that finds nothing is refused."""
    ids = [spec.id for spec in CATALOGUE.offered(["realesr-*", "criar-embedded", "*embedded"]).models]
    assert ids == ["realesr-animevideov3", "criar-embedded"]
    with pytest.raises(RequestError, match="matches “nothing-\\*”"):
        CATALOGUE.offered(["nothing-*"])


ENTRY = """
[[models]]
id = "own"
family = "stable_diffusion_xl"
source = "someone/something"
"""


def test_an_entry_needs_only_what_its_family_does_not_say(tmp_path: Path) -> None:
    """Tasks, defaults, limits and schedulers come from the family, and what the entry says comes first."""
    file = tmp_path / "own.toml"
    file.write_text(ENTRY + "defaults = { num_inference_steps = 4 }")
    spec = Catalogue.load(file).get("own")
    assert (spec.title, spec.defaults.num_inference_steps, spec.defaults.width) == ("own", 4, 1024)
    assert spec.defaults.scheduler == spec.schedulers[0]
    assert Task.INPAINT in spec.tasks
    assert (spec.licence, spec.commercial, spec.weights, spec.revision, spec.rating) == (None,) * 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[models", "cannot be read as a catalogue"),
        ("[model]", "model: it may hold \\[\\[models\\]\\]"),
        ("models = 3", "write each entry as a table"),
        (ENTRY + "colour = 1", "own: colour: there is no such key"),
        (ENTRY + "memory = 'much'", "own: memory: must be a number, not 'much'"),
        (ENTRY + "limits = { multiple = 8, side = 3 }", "own: limits.side: there is no such key"),
        (ENTRY + "tasks = ['edit']", "own: tasks: models of stable_diffusion_xl do img2img, inpaint, txt2img alone"),
        (ENTRY + "tasks = ['txt2vid']", "own: tasks.0: must be 'txt2img', 'img2img'"),
        (ENTRY.replace("someone/something", "gone.safetensors"), "own: source: there is no file .*gone.safetensors"),
        (ENTRY + "file = 'weights.ckpt'", "own: file: must end in .safetensors or .gguf, not 'weights.ckpt'"),
        (ENTRY + "defaults = { scheduler = 'Magic' }", "own: defaults.scheduler: must be one of DPM"),
        (
            "[[models]]\nid = 'own'\nfamily = 'sdxl'",
            "own: family: must be one of stable_diffusion, stable_diffusion_xl",
        ),
        ("[[models]]\nid = 'own'\nfamily = 'generic'", "own: source: is missing"),
        ("[[loras]]\nid = 'own'\ntitle = 'x'\nsource = 'a/b'", "own: family: is missing"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_entry_and_key(tmp_path: Path, text: str, words: str) -> None:
    """The operator reads where the error stands and what is allowed there."""
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(RequestError, match=words) as caught:
        Catalogue.load(file)
    assert str(caught.value).startswith(f"{file}: ")


LORA = LoraSpec(id="ink", title="Ink", family="stable_diffusion", models=("criar-*",), source="someone/ink")
OTHER = replace(LORA, id="pixel", title="Pixel", family="flux")
WITH_LORAS = Catalogue(CATALOGUE.models, [LORA, OTHER])


@pytest.mark.parametrize(
    ("loras", "sentence"),
    [
        ((("imk", 1.0),), "did you mean ink"),
        ((("pixel", 1.0),), "does not fit Criar embedded; it fits none here"),
        ((("ink", 2.5),), "between -2 and 2"),
        ((("ink", 1.0),) * 4, "At most 3"),
    ],
)
def test_loras_that_do_not_fit_are_refused(loras: tuple[tuple[str, float], ...], sentence: str) -> None:
    """Unknown ones, those of another family, weights beyond the limit and more than three are refused in words."""
    with pytest.raises(RequestError, match=sentence):
        WITH_LORAS.check(replace(GOOD, loras=loras))


def test_loras_that_fit_come_with_the_model() -> None:
    """A model carries the adapters that fit it, so that the engine knows where they are."""
    assert WITH_LORAS.get("criar-embedded").loras == (LORA,)
    assert WITH_LORAS.loras == (LORA,)
    WITH_LORAS.check(replace(GOOD, loras=(("ink", -0.5),)))
