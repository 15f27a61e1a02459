"""Naming a protocol or a row, and the tests against that row."""

import pytest

from ser_platform.errors import ResultError
from ser_platform.leaderboard.choice import find_row, only_protocol
from ser_platform.leaderboard.comparison import comparisons, paired_tests
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.tracking.entries import LoggedFinal
from tests.leaderboard.boards import final, small
from tests.runs import PROTOCOL

BY_SPEAKER = {**PROTOCOL, "split": {"by": "speaker"}}
RESULTS = [
    ("ab01" * 8, final(1, 0.9)),
    ("ab02" * 8, final(2, 0.7, architecture="alignment")),
    ("cd03" * 8, final(3, 0.5, architecture="alignment", study="long")),
    ("ef04" * 8, final(4, 0.5, protocol=BY_SPEAKER)),
]
INCOMPLETE = LoggedFinal("09" * 16, "demo", "dual_rnn", None, "4 of 5 folds are finished")


@pytest.fixture(scope="module")
def board() -> Board:
    logged = [LoggedFinal(i, r.study, r.architecture, r, "") for i, r in RESULTS]
    return rank([*logged, INCOMPLETE])


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("ab01" * 8, "ab01" * 8),
        ("cd", "cd03" * 8),
        ("long/alignment", "cd03" * 8),
        ("demo/alignment", "ab02" * 8),
    ],
)
def test_a_row_is_found_by_its_run_the_beginning_of_it_or_its_study(
    board: Board, name: str, run_id: str
) -> None:
    assert find_row(board, name).run_id == run_id


def test_a_row_of_several_seeds_is_found_by_each_of_its_runs() -> None:
    assert [find_row(small(), letter).run_id for letter in "ab"] == ["a" * 32, "a" * 32]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "ab",
            "--against: 'ab' is 2 results; say which: ab01ab01 (demo/wise), ab02ab02 "
            "(demo/alignment)",
        ),
        (
            "demo/wise",
            "--against: 'demo/wise' is 2 results; say which: ab01ab01 (demo/wise), ef04ef04 "
            "(demo/wise)",
        ),
        (
            "demo/wize",
            "--against: no ranked result 'demo/wize'; there is: ab01ab01 (demo/wise), ab02ab02 "
            "(demo/alignment), cd03cd03 (long/alignment), ef04ef04 (demo/wise)",
        ),
        (
            "demo/dual_rnn",
            "--against: no ranked result 'demo/dual_rnn'; run 09090909 has no score (4 of 5 folds "
            "are finished); there is: ab01ab01 (demo/wise), ab02ab02 (demo/alignment), cd03cd03 "
            "(long/alignment), ef04ef04 (demo/wise)",
        ),
    ],
)
def test_a_name_that_is_none_or_several_is_refused_with_what_there_is(
    board: Board, name: str, message: str
) -> None:
    with pytest.raises(ResultError) as raised:
        find_row(board, name)
    assert str(raised.value) == message


def test_a_protocol_is_found_by_the_beginning_of_its_id(board: Board) -> None:
    first, second = board.groups
    assert only_protocol(board, second.protocol_id[:4]).groups == (second,)
    with pytest.raises(ResultError) as raised:
        only_protocol(board, "none")
    assert str(raised.value) == (
        f"--protocol: no protocol 'none'; there is: {first.protocol_id} (3 rows), "
        f"{second.protocol_id} (1 row)"
    )
    with pytest.raises(ResultError, match="--protocol: 2 protocols begin with ''; there is: "):
        only_protocol(board, "")


def test_every_other_row_is_tested_against_one_and_corrected_for_their_number(
    board: Board,
) -> None:
    group = board.groups[0]
    best, second, third = group.rows
    tests = paired_tests(group, third)
    assert set(tests) == {best.run_id, second.run_id}
    for row in (best, second):
        test = tests[row.run_id]
        assert test.differences["ua"].value == pytest.approx(row.ua - third.ua)
        assert test.holm is not None
        assert test.p_values["ua"] <= test.holm["ua"] <= 2 * test.p_values["ua"]


def test_a_row_alone_is_tested_against_nothing(board: Board) -> None:
    group = board.groups[1]
    assert paired_tests(group, group.rows[0]) == {}


def test_a_row_that_is_named_takes_the_place_of_the_best_in_its_own_group_only(
    board: Board,
) -> None:
    first, second = board.groups
    found = comparisons(board, first.rows[2])
    assert found[first.protocol_id].reference is first.rows[2]
    assert found[first.protocol_id].asked
    assert found[second.protocol_id].reference is second.rows[0]
    assert not found[second.protocol_id].asked
