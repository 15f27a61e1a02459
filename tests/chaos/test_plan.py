"""A seed says what breaks, and when: the same each time, and early enough to happen."""

from collections import Counter

import pytest

from tests.chaos.plan import SORTS, Fault, draw
from tests.chaos.study import GRID, reach


def test_a_seed_gives_the_same_schedule_each_time_and_another_seed_another() -> None:
    assert draw(7, 6, reach(GRID)) == draw(7, 6, reach(GRID))
    assert len({draw(seed, 6, reach(GRID)) for seed in range(20)}) == 20


@pytest.mark.parametrize("faults", [1, 6, len(SORTS), 2 * len(SORTS)])
def test_kinds_repeat_only_when_all_were_drawn(faults: int) -> None:
    drawn = Counter(fault.kind for fault in draw(3, faults, reach(GRID)))
    assert drawn.total() == faults
    assert len(drawn) == min(faults, len(SORTS))


def test_every_fault_comes_due_by_itself_in_a_study_that_nothing_disturbs() -> None:
    for seed in range(200):
        drawn = draw(seed, 13, reach(2))
        assert len({(fault.unit, fault.at) for fault in drawn}) == 13
        for fault in drawn:
            assert fault.unit in SORTS[fault.kind].units
            assert 1 <= fault.at <= reach(2)[fault.unit]
            assert SORTS[fault.kind].sizes[0] <= fault.size <= SORTS[fault.kind].sizes[1]
            assert SORTS[fault.kind].may_lose or not fault.loses


def test_only_what_is_asked_for_is_drawn() -> None:
    drawn = draw(0, 4, reach(GRID), ["s3-flip", "kill-driver"])
    assert {fault.kind for fault in drawn} == {"s3-flip", "kill-driver"}


def test_a_fault_is_told_with_when_and_what() -> None:
    assert str(Fault("stop-worker", "epoch", 3, size=5)) == (
        "stop-worker       at epoch 3: SIGSTOP the worker that writes it for 5 s"
    )
    assert str(Fault("kill-driver", "fold", 2, loses=True)) == (
        "kill-driver       at fold 2, which is lost: SIGKILL the driver"
    )
