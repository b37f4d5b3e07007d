"""How many rows pay, learnt from forward passes."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from generation.profile import AGAIN, FILE, SAMPLES, BatchKey, Profile, read_profile

KIND = BatchKey("a-model", 512, 512)


def learn(profile: Profile, seconds: dict[int, float]) -> None:
    """Forward passes of as many rows as are asked for, for as long as more are asked for than before."""
    for _ in range(100):
        rows = profile.rows(KIND)
        profile.took(KIND, rows, seconds[rows])


def profile(folder: Path | None = None, device: str = "cpu") -> Profile:
    return Profile(folder, device, "torch 2")


def test_rows_are_doubled_while_that_gains() -> None:
    """The most rows that still gain five per cent over half as many are kept."""
    learnt = profile()
    learn(learnt, {1: 1.0, 2: 1.0, 4: 1.5, 8: 2.9, 16: 6.0, 32: 12.0})
    assert learnt.rows(KIND) == 4


def test_what_did_not_pay_is_tried_again_ever_more_seldom() -> None:
    """And is kept at last, where it was the machine that was busy."""
    learnt = profile()
    seconds = {1: 1.0, 2: 1.0, 4: 3.0}
    tries: list[int] = []
    for number in range(10 * AGAIN):
        rows = learnt.rows(KIND)
        if rows == 4 and (not tries or number > tries[-1] + SAMPLES):
            tries.append(number)
        learnt.took(KIND, rows, seconds[rows])
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert len(pauses) >= 3
    assert all(1.8 * before < after for before, after in pairwise(pauses[1:]))
    seconds |= {4: 1.0, 8: 9.0}
    learn(learnt, seconds)
    while learnt.rows(KIND) == 2:
        learnt.took(KIND, 2, 1.0)
    learn(learnt, seconds)
    assert learnt.rows(KIND) == 4


def test_what_was_measured_is_remembered_for_the_device_and_the_libraries(tmp_path: Path) -> None:
    """Another process begins with what was learnt; another device does not; the operator can read it."""
    learn(profile(tmp_path), {1: 1.0, 2: 1.0, 4: 1.5, 8: 3.0})
    assert [(each.model, each.rows(), dict(each.seconds)[4]) for each in read_profile(tmp_path)] == [
        ("a-model", 4, 1.5)
    ]
    again = profile(tmp_path)
    assert again.rows(KIND) == 8  # what did not pay is tried again: the machine may have been busy
    for _ in range(SAMPLES):
        again.took(KIND, 8, 3.0)
    assert again.rows(KIND) == 4
    assert profile(tmp_path, "cuda:0").rows(KIND) == 2


def test_two_workers_on_devices_of_a_kind_keep_what_both_measured(tmp_path: Path) -> None:
    """Neither forgets what the other wrote meanwhile."""
    first, second = profile(tmp_path), profile(tmp_path)
    learn(first, {1: 1.0, 2: 1.0, 4: 3.0})
    second.too_many(replace(KIND, model="another"), 8)
    assert {each.model for each in read_profile(tmp_path)} == {"a-model", "another"}


def test_what_did_not_fit_is_not_tried_again(tmp_path: Path) -> None:
    """After eight rows did not fit, four are the most, in later processes too."""
    learnt = profile(tmp_path)
    learnt.too_many(KIND, 8)
    learn(learnt, {1: 1.0, 2: 1.0, 4: 1.0})
    assert learnt.rows(KIND) == 4
    assert profile(tmp_path).rows(KIND) == 4


def test_a_broken_file_is_measured_anew(tmp_path: Path) -> None:
    """What cannot be read is nothing known, and is written over."""
    (tmp_path / FILE).write_text('[{"model": 3}]')
    learn(profile(tmp_path), {2: 1.0, 4: 2.0})
    assert [each.model for each in read_profile(tmp_path)] == ["a-model"]
