"""How many rows pay, learnt from forward passes."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from generation.batch_profile import AGAIN, FILE, LONGEST_STEP, SAMPLES, BatchKey, Profile, read_profile

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
    for _ in range(SAMPLES):
        second.took(replace(KIND, model="another"), 2, 1.0)
    assert {each.model for each in read_profile(tmp_path)} == {"a-model", "another"}


def test_what_did_not_fit_is_tried_again_later(tmp_path: Path) -> None:
    """After eight rows did not fit, four are the most for a while, until a model leaves, and only in this process."""
    seconds = {1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0}
    learnt = profile(tmp_path)
    learnt.too_many(KIND, 8)
    learn(learnt, seconds)
    assert learnt.rows(KIND) == 4
    assert profile(tmp_path).rows(KIND) == 8
    for _ in range(AGAIN):
        learnt.took(KIND, 4, 1.0)
    assert learnt.rows(KIND) == 8
    learnt.too_many(KIND, 8)
    assert learnt.rows(KIND) == 4
    learnt.memory_freed()
    assert learnt.rows(KIND) == 8


def test_a_single_fast_or_slow_pass_decides_nothing() -> None:
    """Rows are judged by the median, not by a pass that was measured too short, or by one that was held up."""
    learnt = profile()
    for number in range(40 * SAMPLES):
        rows = learnt.rows(KIND)
        luck = {0: 0.01, 1: 50.0}.get(number % SAMPLES, 1.0)
        learnt.took(KIND, rows, {1: 1.0, 2: 1.0, 4: 1.1}.get(rows, 1.1 * rows / 4) * luck)
    assert learnt.rows(KIND) == 4


def test_a_step_is_never_longer_than_everybody_can_wait() -> None:
    """Rows that would gain are not joined if a step of them takes longer than LONGEST_STEP."""
    learnt = profile()
    learn(learnt, {1: 1.0, 2: 1.0, 4: 1.3, 8: 1.9, 16: 3.0, 32: 5.0})
    assert 1.9 < LONGEST_STEP < 3.0
    assert learnt.rows(KIND) == 8


def test_a_kind_of_pass_pays_if_it_makes_more_rows_a_second() -> None:
    """Padded prompts, whose mask costs time, are joined only if that is made up for; unknown, it is tried."""
    learnt, masked = profile(), replace(KIND, precision="bf16 masked")
    assert learnt.pays(masked, 4, KIND, 2)
    for _ in range(SAMPLES):
        learnt.took(KIND, 2, 1.0)
        learnt.took(masked, 4, 2.2)
        learnt.took(masked, 8, 3.0)
    assert not learnt.pays(masked, 4, KIND, 2)
    assert learnt.pays(masked, 8, KIND, 2)


def test_a_broken_file_is_measured_again(tmp_path: Path) -> None:
    """What cannot be read counts as nothing, and is overwritten."""
    (tmp_path / FILE).write_text('[{"model": 3}]')
    learn(profile(tmp_path), {2: 1.0, 4: 2.0})
    assert [each.model for each in read_profile(tmp_path)] == ["a-model"]
