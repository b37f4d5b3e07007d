"""``python -m bot provenance`` answers in plain words, and a backup keeps what signs."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from bot.cli.main import app
from bot.config import Config
from bot.config.schema import Provenance, Storage
from bot.messages.content_credentials import ContentCredentials
from bot.store import Store, copy_database
from bot.store.backup import restore_certificates
from bot.store.database import DATABASE
from generation import images
from generation.provenance import Trust, fetch_watermark_files, has_watermark_files, read_provenance
from tests.generation.provenance.conftest import MADE, NOON, drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def config(tmp_path: Path, folder: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nfolder = "{folder}"\n')
    return path


def run(config: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["provenance", *arguments, "--config", str(config)])
    return result.exit_code, result.output


def signed(folder: Path) -> bytes:
    credentials = ContentCredentials(Provenance(), folder)
    png = images.encode_png(drawn(), MADE)
    return credentials.picture(png, MADE, 10**7, model="Embedded", when=NOON, prompt=False)[0]


def test_a_picture_of_ours_is_told_from_others(config: Path, folder: Path, tmp_path: Path) -> None:
    """Ours, ours from another installation, and a plain one."""
    file, plain = tmp_path / "ours.png", tmp_path / "plain.png"
    file.write_bytes(signed(folder))
    Image.new("RGB", (64, 64)).save(plain)
    code, said = run(config, str(file))
    assert code == 0
    assert "This bot made it (2026-12-02 12:00 UTC), and it was not altered since." in said
    assert "Model: Embedded" in said
    assert "which proves nothing" in run(config, str(plain))[1]
    file.write_bytes(signed(tmp_path / "another"))
    assert "A machine made it, or part of it, says Criar." in run(config, str(file))[1]


def test_what_cannot_be_read_is_said_in_a_line(config: Path, tmp_path: Path) -> None:
    """An absent file, and none at all; nothing ends in a traceback."""
    code, said = run(config, str(tmp_path / "absent.png"))
    assert (code, "absent.png: cannot be read" in said) == (2, True)
    assert run(config)[0] == 2


def test_the_authority_can_be_published(config: Path) -> None:
    """Whoever is to trust our signatures is given the certificate, and no key."""
    said = run(config, "--authority")[1]
    assert said.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in said


async def test_a_backup_brings_its_authority_to_a_folder_that_has_another(folder: Path, tmp_path: Path) -> None:
    """As where the bot was started once before the backup came: what both signed stays known, the backup's signs on.

    The next start leaves it so.
    """
    theirs, ours = signed(tmp_path / "old"), signed(folder)
    kept = {path.name: path.read_text() for path in (tmp_path / "old" / "certificates").iterdir()}
    restore_certificates(kept, folder / "certificates")
    credentials = ContentCredentials(Provenance(), folder)
    for data in (theirs, ours, signed(folder)):
        found = read_provenance(data, credentials.known).signature
        assert found
        assert (found.valid, found.trust) == (True, Trust.OURS)
    assert (folder / "certificates" / "signer.pem").read_text() == kept["signer.pem"]
    (before,) = folder.glob("certificates.before-*")
    assert (before / "signer.pem").exists()
    restore_certificates(kept, folder / "certificates")
    assert [*folder.glob("certificates.before-*")] == [before]


async def test_a_backup_keeps_what_signs(folder: Path, tmp_path: Path) -> None:
    """One file brings the same authority back on another machine, and does not keep its keys any longer than that."""
    store = Store(Config(storage=Storage(folder=folder)))
    await store.open()
    signed(folder)
    await store.close()
    copy_database(folder, tmp_path / "copy.sqlite")
    (tmp_path / "new").mkdir()
    (tmp_path / "copy.sqlite").rename(tmp_path / "new" / DATABASE)
    moved = Store(Config(storage=Storage(folder=tmp_path / "new")))
    await moved.open()
    assert await moved.key_values.take("certificates/") == {}
    await moved.close()
    for path in (folder / "certificates").iterdir():
        copied = tmp_path / "new" / "certificates" / path.name
        assert copied.read_bytes() == path.read_bytes()
        assert copied.stat().st_mode & 0o077 == 0
    known = ContentCredentials(Provenance(), tmp_path / "new").known
    assert known == ContentCredentials(Provenance(), folder).known


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server that publishes a folder."""
    published = tmp_path / "published"
    published.mkdir()
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(published)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", published
    server.shutdown()
    server.server_close()


def test_the_watermark_s_files_are_fetched_whole_or_not_at_all(host: tuple[str, Path], tmp_path: Path) -> None:
    """What is not the expected file is not kept; what is there already is not fetched again."""
    source, published = host
    sources = (f"{source}gone/", source)  # the second is asked if the first has it not
    names = ("encoder_Q.onnx", "decoder_Q.onnx")
    sums = {name: sha256(name.encode()).hexdigest() for name in names}
    for name in sums:
        (published / name).write_text(name)
    target, said = tmp_path / "watermark", list[str]()
    fetch_watermark_files(target, sources, sums, report=said.append)
    assert has_watermark_files(target)
    (published / "decoder_Q.onnx").write_text("something else")
    fetch_watermark_files(target, sources, sums, report=said.append)
    assert said == [place + name for name in names for place in sources]
    (target / "decoder_Q.onnx").unlink()
    with pytest.raises(OSError, match="decoder_Q"):
        fetch_watermark_files(target, sources, sums, report=said.append)
    assert {path.name for path in target.iterdir()} == {"encoder_Q.onnx"}


def test_looking_at_a_picture_makes_nothing(config: Path, folder: Path, tmp_path: Path) -> None:
    """A command that only reads leaves no folder behind."""
    plain = tmp_path / "plain.png"
    Image.new("RGB", (64, 64)).save(plain)
    assert run(config, str(plain))[0] == 0
    assert not folder.exists()
