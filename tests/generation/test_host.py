"""A container's limits count as the machine's own."""

from pathlib import Path

from generation.host import cores, memory


def test_a_containers_limits_are_kept(tmp_path: Path) -> None:
    """Cores and memory are those of the group, rounded down, where it has less than the machine."""
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{2**28}\n")
    assert cores(tmp_path) == 1
    assert memory(tmp_path) == 2**28


def test_without_limits_all_of_the_machine_is_used(tmp_path: Path) -> None:
    """Where a group sets no limits it is as where there is none."""
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert cores(tmp_path) == cores(tmp_path / "none") >= 1
    assert memory(tmp_path) == memory(tmp_path / "none") > 2**30
