"""A container's limits count as the machine's own."""

from pathlib import Path

import psutil

from generation.machine import cores, give_back, memory


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


def test_freed_memory_is_given_back() -> None:
    """Also what lies below something that is still in use."""
    blocks = [bytearray(2**16) for _ in range(2**11)]  # 128 MiB in pieces that the heap keeps
    last, before = blocks[-1], psutil.Process().memory_info().rss
    del blocks
    give_back()
    assert last is not None
    assert before - psutil.Process().memory_info().rss > 100 * 2**20
