"""What is shipped beside the code: the image's steps, the unit, the compose file, and the site."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from contrib import image_dry_run, run_time_requirements

ROOT = Path(__file__).parents[1]


def test_every_file_that_the_image_copies_reaches_the_builder() -> None:
    """Each COPY names what is there and what .dockerignore lets through; secrets and data do not get there."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert {path.name for path, _ in image_dry_run.copies(dockerfile)} >= {"bot", "generation", "requirements.lock"}
    for name in ("config.toml", "data", ".git", ".venv", "tests", ".env"):
        assert image_dry_run.ignored(name)


def test_the_image_reads_the_volume_s_configuration() -> None:
    """Finding 1: commands and the health check start in the volume, where config.toml is; models have their own."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("WORKDIR")][-1] == "WORKDIR /data"
    assert 'VOLUME ["/data", "/models"]' in lines
    assert any("HF_HOME=/models" in line for line in lines)
    assert any(line.startswith("HEALTHCHECK") and line.endswith('CMD ["criar", "health"]') for line in lines)


def test_the_image_holds_only_what_runs() -> None:
    """No package that is only for development is among the run-time dependencies."""
    names = run_time_requirements.names((ROOT / "pyproject.toml").read_text())
    assert any(name.startswith("torch") for name in names)
    assert not image_dry_run.DEV_ONLY & image_dry_run.closure("criar", ROOT / "pyproject.toml")
    locked = run_time_requirements.constraints((ROOT / "requirements.lock").read_text())
    assert any(line.startswith("discord-py==") for line in locked)


def test_the_unit_restarts_the_bot_but_not_a_wrong_configuration() -> None:
    """The systemd unit restarts always except after 2, and gives as long to stop as stopping may take."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "contrib" / "criar.service")
    service = unit["Service"]
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "2")
    assert int(service["TimeoutStopSec"]) >= 8 + 5 + 25
    assert service["NoNewPrivileges"] == "yes"


def test_the_compose_file_keeps_data_and_models_in_volumes() -> None:
    """Both services restart, get time to stop, and write only into volumes."""
    compose = yaml.safe_load((ROOT / "contrib" / "compose.yaml").read_text())
    for name in ("nvidia", "cpu"):
        service = compose["services"][name]
        assert service["restart"] == "unless-stopped"
        assert service["stop_grace_period"] == "60s"  # finding 23: more than finish_seconds and what closing takes
        assert service["volumes"] == ["data:/data", "models:/models"]
        assert service["read_only"]
    devices = compose["services"]["nvidia"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices[0]["driver"] == "nvidia"


@pytest.mark.slow
def test_the_site_builds_without_a_dead_link(tmp_path: Path) -> None:
    """Make docs is strict: a page or an anchor that is not there is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "first hour" in (tmp_path / "operators" / "index.html").read_text()
