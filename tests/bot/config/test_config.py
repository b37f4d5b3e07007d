"""The configuration is validated, and an error says where it stands and what is allowed."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.config import Config, find, load, schema, token
from bot.config.schema import Plan
from bot.errors import ConfigError
from bot.requests.offered_models import offered
from generation import Loading, Offload, Precision

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_cluster_needs_no_local_devices(file: Path) -> None:
    """With the address of a cluster's head, devices may be empty."""
    file.write_text("[generation]\ndevices = []\n[generation.cluster]\naddress = '10.0.0.1:6379'")
    assert load(file).generation.cluster


def test_the_example_holds_every_key_with_its_default() -> None:
    """config.example.toml is the default configuration, written out."""
    example = load(EXAMPLE)
    assert example.storage.folder == EXAMPLE.parent / "data"
    assert example.model_copy(update={"storage": Config().storage}) == Config()
    written = tomllib.loads(EXAMPLE.read_text())
    for name, field in Config.model_fields.items():
        if name not in ("plans", "servers"):
            keys = {key for key, value in field.default.model_dump().items() if value is not None}
            assert set(written[name]) == keys


def test_the_example_names_every_key() -> None:
    """Keys without a default, and those of plans, servers and inner tables, stand in it too, as comments."""
    written = EXAMPLE.read_text()
    sections = [each for each in vars(schema).values() if isinstance(each, type) and issubclass(each, schema.Section)]
    assert len(sections) > 10
    for section in sections:
        assert [key for key in section.model_fields if not re.search(rf"\b{key}\b", written)] == [], section


def test_the_ceiling_is_the_free_plan_unless_it_is_set(file: Path) -> None:
    """An admin may hand out the free plan's images, or what the operator allows."""
    file.write_text("[plans.free]\nimages_per_day = 7")
    assert load(file).ceiling(9) == 7
    file.write_text("[quota]\nadmin_ceiling = 50\n[servers.123456]\nadmin_ceiling = 80")
    assert load(file).ceiling(9) == 50
    assert load(file).ceiling(123456) == 80


def test_a_server_s_budget_is_its_own_or_that_of_all(file: Path) -> None:
    """Without a number there is no budget; a server's own goes before the one for all."""
    assert Config().budget(123456) is None
    file.write_text("[quota]\nserver_images_per_day = 500\n[servers.123456]\nimages_per_day = 0")
    assert load(file).budget(9) == 500
    assert load(file).budget(123456) == 0


@pytest.mark.parametrize(
    ("models", "model", "allowed"),
    [
        (["*"], "any-model", True),
        (["criar-*", "flux?"], "criar-embedded", True),
        (["criar-*", "flux?"], "flux2", True),
        (["criar-*", "flux?"], "flux-dev", False),
        (["criar-embedded"], "criar-embedded-large", False),
    ],
)
def test_a_plan_s_models_are_patterns_of_whole_ids(models: list[str], model: str, allowed: bool) -> None:
    """* stands for any letters and ? for one, and the whole id must match."""
    assert Plan(models=models).allows(model) is allowed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[discrod]", ["discrod", "no such key"]),
        ("[storage]\nkeep_day = 3", ["storage.keep_day", "no such key"]),
        ("[storage]\nkeep_days = 0", ["storage.keep_days", "must be 1 or more", "0"]),
        ("[storage]\nkeep_days = 'x'", ["storage.keep_days", "must be a whole number", "'x'"]),
        ("[quota]\ntimezone = 'Mars'", ["quota.timezone", "tz database", "'Mars'"]),
        ("[quota]\ntimezone = '../etc/passwd'", ["quota.timezone", "tz database"]),
        ("[plans.gold]\nimages_per_day = 100", ["plans.free"]),
        ("[servers.123456]\nplans = ['gold']", ["servers.123456", "gold", "free"]),
        ("[servers.123456.roles]\n234567 = 'gold'", ["servers.123456", "gold", "free"]),
        ("[servers.home]\nplans = []", ["servers.home", "must be an id of Discord"]),
        ("[plans.free]\ncount = 5", ["plans.free.count", "must be 4 or less"]),
        ("[flooding]\nwaiting = 0", ["flooding.waiting", "must be 1 or more"]),
        ("[discord]\napi = 'https://discord.example/api'", ["discord.api", "127.0.0.1"]),
        ("[discord]\napi = 'http://127.0.0.1.evil.example/api'", ["discord.api", "127.0.0.1"]),
        ("[discord]\noperators = ['me']", ["discord.operators.0", "must be a whole number"]),
        ("[discord]\noperators = ['12345']", ["discord.operators.0", "must be a whole number without quotes"]),
        ("[metrics]\naddress = '9464'", ["metrics.address", "127.0.0.1:9464"]),
        ("[log]\nlevel = 'loud'", ["log.level", "'debug', 'info', 'warning' or 'error'"]),
        ("[generation]\ndevices = []", ["generation.devices", '"cpu"', "[generation.cluster]"]),
        ("[generation.cluster]\naddress = 'head'", ["generation.cluster.address"]),
        ("[generation.cluster]\naddress = 'head:6379'\nworkers = 0", ["generation.cluster.workers", "1"]),
        ("[storage", ["TOML"]),
        ('[generation.loading]\n"*" = { offload = "half" }', ["generation.loading.*.offload", "model", "half"]),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_what_is_allowed(file: Path, text: str, words: list[str]) -> None:
    """Each mistake names the file, the key and what may stand there."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    for word in [str(file), *words]:
        assert word in str(caught.value)
    assert not re.search(r"Input should|validation|Tuple|valid integer|\[key\]", str(caught.value))


def test_how_models_are_loaded_is_said_by_pattern(file: Path) -> None:
    """The first pattern that matches decides, what it leaves out stays open, and it reaches the offered models."""
    file.write_text(
        "[generation.loading]\n"
        '"criar-*" = { precision = "bf16", offload = "model" }\n'
        '"*" = { quantised = 4, vae_tiling = true }\n'
    )
    config = load(file)
    embedded = Loading(precision=Precision.BF16, offload=Offload.MODEL)
    assert offered(config).get("criar-embedded").loading == embedded
    assert config.generation.loading_of("flux-dev") == Loading(quantised=4, vae_tiling=True)
    assert Config().generation.loading_of("flux-dev") is None


def test_a_precision_in_which_a_model_overflows_is_refused(file: Path) -> None:
    """The key, the model and the precisions that it runs in are named; models of other families may have it."""
    chosen = '[generation]\nmodels = ["z-image", "flux-dev"]\n[generation.loading]\n"{}" = {{ precision = "fp16" }}\n'
    file.write_text(chosen.format("*"))
    with pytest.raises(ConfigError, match=r"generation\.loading: z-image: precision must be bf16 or fp32, not fp16"):
        offered(load(file))
    file.write_text(chosen.format("flux-*"))
    assert offered(load(file)).get("flux-dev").loading.precision is Precision.FP16


def test_a_file_that_is_not_there_says_how_to_make_it(file: Path) -> None:
    """A missing file's error names the example to copy."""
    with pytest.raises(ConfigError, match=r"config\.example\.toml"):
        load(file)


def test_the_token_comes_only_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable the error says where tokens come from."""
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="developer portal"):
        token()
    monkeypatch.setenv("DISCORD_TOKEN", " a.b.c\n")
    assert token() == "a.b.c"


def test_a_file_that_others_can_write_is_refused(file: Path) -> None:
    """Whoever could change the configuration could take the bot over; the sentence says what to run."""
    file.write_text("")
    file.chmod(0o602)
    with pytest.raises(ConfigError, match=r"config\.toml: others can write this file; run: chmod go-w "):
        load(file)
    file.chmod(0o644)
    assert load(file).plans == Config().plans


def test_folders_are_relative_to_the_file(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same file means the same folders and models, wherever the bot is started."""
    model = tmp_path / "models" / "mine"
    model.mkdir(parents=True)
    file.write_text(
        '[storage]\nfolder = "data"\n[generation]\n'
        'own = [{ id = "mine", family = "stable_diffusion", source = "models/mine" }]\n'
    )
    monkeypatch.chdir("/")
    config = load(file)
    assert config.storage.folder == tmp_path / "data"
    assert offered(config).get("mine").source == str(model)


def test_the_file_is_found_by_environment_or_working_directory(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """CRIAR_CONFIG comes before ./config.toml; without both there is none."""
    monkeypatch.delenv("CRIAR_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert find() is None
    file.write_text("")
    assert find() == Path("config.toml")
    monkeypatch.setenv("CRIAR_CONFIG", "/elsewhere/config.toml")
    assert find() == Path("/elsewhere/config.toml")


def test_a_folder_that_is_a_file_is_said(file: Path, tmp_path: Path) -> None:
    """storage.folder must be a folder, and the sentence names it."""
    (tmp_path / "data").write_text("")
    file.write_text("")
    with pytest.raises(ConfigError, match=r"storage\.folder: .*data is a file"):
        load(file)
