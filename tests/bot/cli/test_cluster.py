"""``python -m bot cluster status`` and what ``check`` says of a cluster."""

import socket
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.check import check
from bot.cli.cluster import describe
from bot.cli.main import app
from bot.config import load
from generation import WorkerState


def configured(folder: Path, port: int) -> Path:
    path = folder / "config.toml"
    path.write_text(f"[storage]\nfolder = '{folder}/data'\n[generation.cluster]\naddress = '127.0.0.1:{port}'\n")
    path.chmod(0o600)
    return path


def test_check_says_whether_a_head_answers(tmp_path: Path) -> None:
    """With a head it is good; without one the finding names the key and the address."""
    with socket.create_server(("127.0.0.1", 0)) as head:
        port = head.getsockname()[1]
        config = load(configured(tmp_path, port))
        assert any(finding.good and str(port) in finding.text for finding in check(config, online=False))
    (bad,) = [finding for finding in check(config, online=False) if "generation.cluster" in finding.text]
    assert not bad.good
    assert f"127.0.0.1:{port}" in bad.text


def test_status_without_a_cluster_names_the_table(tmp_path: Path) -> None:
    """Whoever has no cluster learns which table is absent, with exit code 2."""
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o600)
    result = CliRunner().invoke(app, ["cluster", "status", "--config", str(path)])
    assert result.exit_code == 2
    assert "[generation.cluster]" in result.output


def test_a_card_is_described_by_its_release_models_and_work() -> None:
    """Loaded and fetched models in order, and how many pictures of each model are being made."""
    state = WorkerState(
        release="0.1.0+abc", versions="torch 2", models=frozenset({"b", "a"}), fetching=frozenset({"c"}),
        making={"1:0": "a", "1:1": "a", "2:0": "b"},
    )  # fmt: skip
    words = describe(state)
    assert "0.1.0+abc" in words
    assert "loaded: a, b" in words
    assert "fetching: c" in words
    assert "making: 2 of a, 1 of b" in words
