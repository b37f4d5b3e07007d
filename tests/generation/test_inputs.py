"""Members' pictures on a node's disk: what they claim to be, and no more than may be."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from generation.workers import inputs


def test_what_arrives_is_kept_under_its_hash_and_sent_once(tmp_path: Path) -> None:
    """One content makes one object, whatever its file is called, and the node finds it again."""
    put: list[bytes] = []
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"the same")

    def keep(data: bytes) -> int:
        put.append(data)
        return len(put)

    sent = inputs.SentInputs(tmp_path, keep)
    assert sent.send(Path("a.png")) == sent.send(Path("b.png")) == (sha256(b"the same").hexdigest(), 1)
    digest, node = sha256(b"the same").hexdigest(), tmp_path / "node"
    assert inputs.kept_input(node, digest) is None
    assert inputs.keep_input(node, digest, b"the same").read_bytes() == b"the same"
    assert inputs.kept_input(node, digest) == node / digest


def test_what_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    """Bytes whose hash is another one are not written."""
    with pytest.raises(ValueError, match="something else"):
        inputs.keep_input(tmp_path, sha256(b"x").hexdigest(), b"y")
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_used_for_longest_leaves_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two, the third takes the place of the one that nobody asked for since."""
    monkeypatch.setattr(inputs, "KEPT_BYTES", 20)
    names = []
    for number in range(2):
        data = bytes([number]) * 10
        names.append(sha256(data).hexdigest())
        os.utime(inputs.keep_input(tmp_path, names[-1], data), (number, number))
    inputs.kept_input(tmp_path, names[0])
    third = inputs.keep_input(tmp_path, sha256(b"0123456789").hexdigest(), b"0123456789")
    assert {path.name for path in tmp_path.iterdir()} == {names[0], third.name}
