"""What an operator does first, and what they get wrong: each answered in one line."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.cli.recommendation import Way, first_choices, recommended, table, usable, way
from bot.config import load
from bot.store import Store
from generation import Catalogue

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the operator is in; no NVIDIA driver, no token, no file elsewhere."""
    for name in ("CRIAR_CONFIG", "DISCORD_TOKEN", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(*arguments: str) -> tuple[int, str]:
    """Run a command; its exit code, and all that it said."""
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def driver(folder: Path, *cards: str) -> None:
    """An nvidia-smi that sees these cards."""
    script = folder / "nvidia-smi"
    lines = "\n".join(f"echo '{card}'" for card in cards)
    script.write_text(f"#!/bin/sh\n{lines}\n")
    script.chmod(0o755)


def test_every_command_reads_the_file_beside_it(empty_folder: Path) -> None:
    """Finding 1: a broken ./config.toml is an error of each command that needs settings, and not ignored."""
    (empty_folder / "config.toml").write_text("this is [[ not toml")
    for command in (["check"], ["run"], ["health"], ["outbox"], ["quota", "show", "5"], ["models", "list"]):
        code, said = say(*command)
        assert code == 2, command
        assert "config.toml: cannot be read as TOML" in said


@pytest.mark.parametrize(
    "command",
    [
        ["quota", "ban", "5", "-r", "spam"], ["quota", "show", "5"], ["outbox"], ["strikes", "list"],
        ["quota", "audit"], ["backup", "copy.db"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_makes_an_empty_database(empty_folder: Path, command: list[str]) -> None:
    """Finding 3: in a folder without a bot it is said that there is none, and nothing is left behind."""
    code, said = say(*command)
    assert code == 2
    assert "there is no database in" in said
    assert not (empty_folder / "data").exists()


@pytest.mark.slow
def test_init_writes_a_file_for_the_cards_that_are_there(empty_folder: Path) -> None:
    """Finding 4: each card is a device, and what is offered runs whole on the smallest of them."""
    driver(empty_folder, "0, NVIDIA GeForce RTX 3060, 12288, 11900", "1, NVIDIA H100, 81559, 81000")
    _, said = say("init")
    assert "RTX 3060" in said
    config = load(empty_folder / "config.toml")
    assert config.generation.devices == ("cuda:0", "cuda:1")
    catalogue = Catalogue.load()
    assert len(config.generation.models) > 2
    assert all(way(catalogue.get(name), usable(12)) is Way.WHOLE for name in config.generation.models)
    assert "FAIL  generation.devices: cuda:0" in said or "cuda:0 is there" in said  # it ends with a check


def test_init_without_a_card_takes_what_comes_with_the_bot(empty_folder: Path) -> None:
    """On a CPU the embedded model is offered, and the reason is said.

    The token that is not set yet is the next step and no failure, while check by itself fails for it.
    """
    code, said = say("init")
    assert "No NVIDIA card is seen" in said
    assert code == 0
    assert "FAIL" not in said
    assert said.splitlines()[-1].startswith("next  Set DISCORD_TOKEN")
    code, said = say("check")
    assert code == 1
    assert "FAIL  environment: DISCORD_TOKEN is not set" in said
    assert not (empty_folder / "data").exists()  # else it would be the user's who ran check, and not the bot's
    assert load(empty_folder / "config.toml").generation.devices == ("cpu",)


def test_init_never_overwrites(empty_folder: Path) -> None:
    """A file that is there stays as it is."""
    (empty_folder / "config.toml").write_text("# mine\n")
    code, said = say("init")
    assert code == 2
    assert "it exists already" in said
    assert (empty_folder / "config.toml").read_text() == "# mine\n"


@pytest.mark.parametrize("card", [12, 24, 48, 80])
def test_init_for_another_machine_s_card(empty_folder: Path, card: int) -> None:
    """--card chooses as for such a card, and more is chosen than what comes with the bot."""
    code, _ = say("init", "--card", str(card))
    assert code == 0
    config = load(empty_folder / "config.toml")
    assert config.generation.devices == ("cuda:0",)
    assert len(config.generation.models) > 2


@pytest.mark.usefixtures("empty_folder")
def test_larger_cards_run_more() -> None:
    """What runs whole on a card runs whole on a larger one, and first choices may be used commercially."""
    catalogue = Catalogue.load()
    before: set[str] = set()
    for card in (8, 12, 16, 24, 48, 80, 141):
        choices = recommended(catalogue, usable(card), host=64)
        whole = {each.spec.id for each in choices if each.way is Way.WHOLE}
        assert before <= whole
        before = whole
        assert all(spec.commercial for spec in first_choices(choices))
    assert way(catalogue.get("flux-schnell"), usable(12)) is Way.FOUR_BITS
    assert way(catalogue.get("flux2-dev"), usable(141)) is Way.WHOLE


def test_recommend_says_how_each_model_runs() -> None:
    """Models recommend lists ways and sizes, as text and as JSON."""
    code, said = say("models", "recommend", "--card", "12")
    assert code == 0
    line = next(line for line in said.splitlines() if line.split()[:1] == ["flux-schnell"])
    assert "with 4 bits" in line
    assert "33.7 GB" in line
    rows = json.loads(say("models", "recommend", "--card", "12", "--json")[1])
    assert {"id": "sdxl", "way": "whole", "disk": 6.9} in rows


def test_the_table_in_the_documentation_is_the_catalogue_s() -> None:
    """docs/operators.md shows what models recommend computes."""
    document = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    assert table(Catalogue.load()) in document, f"put this into docs/operators.md:\n{table(Catalogue.load())}"


def test_the_list_shows_only_what_fits() -> None:
    """Models list --fits leaves out what is larger than the card; a pattern that matches nothing is said."""
    _, said = say("models", "list", "--fits", "--card", "12")
    names = {line[2:].split()[0] for line in said.splitlines()[1:-1]}
    assert "sdxl" in names
    assert "flux-dev" not in names
    code, said = say("models", "list", "zzz*")
    assert code == 1
    assert "No model's id matches zzz*" in said


def test_gated_models_say_so_before_a_download(empty_folder: Path) -> None:
    """Finding 5: lists, the download and check name the terms to accept and where the token goes."""
    (empty_folder / "config.toml").write_text('[generation]\nmodels = ["flux-dev"]\n')
    assert "(gated)" in say("models", "list", "flux-dev")[1]
    assert "gated: accept its terms on the hub and set HF_TOKEN" in say("models", "recommend", "--card", "48")[1]
    for code, said in (say("models", "download", "flux-dev"), say("check", "--offline")):
        assert code == 1
        assert "is gated: accept its terms on https://huggingface.co/black-forest-labs/FLUX.1-dev" in said
        assert "HF_TOKEN" in said


def test_the_hub_s_variables_are_documented() -> None:
    """Finding 5: token, folder, mirror, proxy and working offline have their lines in docs/operators.md."""
    document = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    for name in ("HF_TOKEN", "HF_HOME", "HF_ENDPOINT", "HTTPS_PROXY", "HF_HUB_OFFLINE"):
        assert f"`{name}" in document


def test_what_is_known_of_a_model_has_units() -> None:
    """Finding 20: sizes say what they are in, and inner tables only what is set; an unknown id is not guessed at."""
    said = say("models", "show", "sdxl")[1]
    assert "memory        9.5 GiB, in 16 bits" in said
    assert "weights       6.9 GB on disk" in said
    assert "None" not in said
    code, said = say("models", "show", "nope")
    assert code == 1
    assert "There is no model “nope”; there are " in said


def test_a_folder_that_is_a_file_is_said(empty_folder: Path) -> None:
    """Finding 15: every command that needs the folder says so in a line, run too."""
    (empty_folder / "data").write_text("")
    for command in (["run"], ["quota", "show", "5"], ["outbox"], ["strikes", "list"], ["backup", "copy.db"]):
        code, said = say(*command)
        assert code == 2, command
        assert f"storage.folder: {Path('data')} is a file" in said


async def test_every_command_answers_something(empty_folder: Path) -> None:
    """Finding 16: nothing to show, nothing to lift and a ban are sentences, not silence."""
    await _made()
    for command in (
        "quota unban 5 -r x", "quota bans", "quota audit", "strikes list", "strikes lift 5 -r x", "outbox",
        "health", "quota ban 5 -r spam", "quota bans", "quota unban 5 -r sorry", "quota budget 12345 -r x 7",
        "quota role-plan 7 free -s 12345 -r x",
    ):  # fmt: skip
        assert (await asyncio.to_thread(say, *command.split()))[1].strip(), command
    assert (empty_folder / "data" / "criar.db").exists()


def test_a_full_disk_is_said_from_outside(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 14: health fails and outbox says that no requests are taken, though the bot is connected."""
    asyncio.run(_made())
    (empty_folder / "data" / "alive").touch()
    assert say("health")[0] == 0
    monkeypatch.setattr("shutil.disk_usage", lambda _: (10**9, 10**9 - 1000, 1000))
    for command, code in (("health", 1), ("outbox", 0)):
        found, said = say(command)
        assert found == code
        assert "no requests are taken until" in said


async def _made() -> None:
    """The database, as a first start makes it."""
    store = Store(load(None))
    await store.open()
    await store.close()


def test_a_database_that_is_none_is_said(empty_folder: Path) -> None:
    """Finding 15: a damaged database ends commands with one line that names the file and the remedy."""
    (empty_folder / "data").mkdir()
    (empty_folder / "data" / "criar.db").write_bytes(b"this is no database at all" * 100)
    for command in (["quota", "show", "5"], ["outbox"], ["strikes", "list"]):
        code, said = say(*command)
        assert code == 2
        assert "criar.db: is damaged, or no database" in said
        assert "criar restore" in said
    code, said = say("check", "--offline")
    assert "FAIL" in said
    assert "criar.db: is damaged" in said


def test_a_folder_that_cannot_be_made_is_said(empty_folder: Path) -> None:
    """A folder that nobody can write is one line of every command."""
    (empty_folder / "config.toml").write_text('[storage]\nfolder = "/proc/nowhere"\n')
    for command in (["quota", "show", "5"], ["outbox"], ["models", "list"]):
        assert "Traceback" not in say(*command)[1]
    assert os.environ.get("DISCORD_TOKEN") is None
