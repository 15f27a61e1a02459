"""Many pairs at once are the pairs one by one."""

import pytest

from ser_platform.evidence.answers import answers
from ser_platform.evidence.paired import every_pair, paired, these_pairs, turned
from tests.leaderboard.page_boards import final

SYSTEMS = [answers([final(n, 0.9 - n / 10)]) for n in range(3)]


def test_every_pair_has_the_numbers_of_its_own_test() -> None:
    found = every_pair(SYSTEMS)
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    for (one, other), test in found.items():
        alone = paired(SYSTEMS[one], SYSTEMS[other])
        assert test.p_values == pytest.approx(alone.p_values)
        for name, difference in alone.differences.items():
            assert tuple(test.differences[name]) == pytest.approx(tuple(difference))
        assert (test.mcnemar, test.exact, test.clusters) == (
            alone.mcnemar,
            alone.exact,
            alone.clusters,
        )


def test_a_turned_test_is_that_of_the_turned_pair() -> None:
    back = these_pairs(SYSTEMS, [(2, 0)])[2, 0]
    there = turned(every_pair(SYSTEMS)[0, 2])
    assert there.p_values == pytest.approx(back.p_values)
    for name, difference in back.differences.items():
        assert tuple(there.differences[name]) == pytest.approx(tuple(difference))


def test_one_system_has_nobody_to_be_tested_against() -> None:
    assert every_pair(SYSTEMS[:1]) == {}
