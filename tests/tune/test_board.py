"""Where a running study stands, and how it is drawn on a terminal."""

import io

import pytest
from rich.console import Console

from ser_platform.tune.board import Board, Plan
from ser_platform.tune.board_view import view
from ser_platform.tune.record import short_names
from ser_platform.tune.time_left import in_words, time_left_s

BASE = {
    "wise": {"model.heads": 1, "model.dropout": 0.3, "train.learning_rate": 1e-3},
    "alignment": {"model.heads": 5, "model.dropout": 0.0, "train.learning_rate": 1e-3},
}


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    return Board(Plan("x-ab12", 6, 5, BASE, at_once=2, gpus=0.5), clock=clock)


def run(board: Board, clock: Clock, number: int, val_ua: float, seconds: float = 100) -> None:
    board.started(number, "wise", {**BASE["wise"], "model.heads": 4})
    clock.now_s += seconds
    board.ended(number, "complete", val_ua, seconds, "")


def test_the_best_of_equals_has_less_of_the_other_goal_or_came_first(board) -> None:
    for number, weights in enumerate((300, 100, 100)):
        board.started(number, "wise", BASE["wise"])
        board.ended(number, "complete", 0.6, 10, "", (weights,))
    assert board.best.number == 1


def drawn(board: Board, width: int = 100, height: int = 30) -> str:
    console = Console(file=io.StringIO(), width=width, record=True, force_terminal=True)
    console.print(view(board, width, height))
    return console.export_text()


def test_only_settings_that_differ_from_the_files_own_are_shown(board) -> None:
    board.started(0, "wise", BASE["wise"])
    assert board.settings == []
    board.started(1, "alignment", {**BASE["alignment"], "model.heads": 2})
    assert board.settings == ["model.heads"]
    assert "heads" in drawn(board)
    assert "dropout" not in drawn(board)


def test_a_setting_is_named_by_its_last_part_unless_two_would_be_equal() -> None:
    names = ["model.heads", "model.dropout", "train.dropout"]
    assert list(short_names(names).values()) == ["heads", "model.dropout", "train.dropout"]


def test_a_trial_that_runs_shows_the_mean_over_its_finished_folds(board) -> None:
    board.started(0, "wise", BASE["wise"])
    board.fold(0, 1, 0.5, 10)
    board.fold(0, 2, 0.6, 10)
    line = next(line for line in drawn(board).splitlines() if "running " in line)
    assert line.split()[:5] == ["0", "wise", "running", "2/5", "0.550"]


def test_the_best_is_complete_and_marked_whatever_a_pruned_one_had(board, clock) -> None:
    run(board, clock, 0, 0.51)
    run(board, clock, 1, 0.62)
    board.started(2, "wise", BASE["wise"])
    board.fold(2, 1, 0.99, 10)
    board.ended(2, "pruned", None, 10, "worse than trial 1")
    text = drawn(board)
    assert "best val UA 0.620 (trial 1, wise)" in text
    assert text.count("★") == 1
    assert "★ 0.620" in text
    assert "3/6 trials, 1 pruned" in text


def test_time_left_is_unknown_before_a_trial_ended(board, clock) -> None:
    board.started(0, "wise", BASE["wise"])
    assert "left unknown" in drawn(board)
    clock.now_s = 100
    board.ended(0, "complete", 0.5, 90, "")
    assert board.left_s == 5 * 100 / 2


def test_time_left_counts_how_far_running_trials_are() -> None:
    assert time_left_s([], [10], 3, 1) is None
    assert time_left_s([100, 100], [40], 0, 2) == 60
    assert time_left_s([100], [100, 50], 2, 2) == (0 + 50 + 200) / 2
    assert time_left_s([100], [], 1, 8) == 100
    assert time_left_s([100], [], 0, 8) == 0


def test_cost_is_training_seconds_and_gpus_times_them(board, clock) -> None:
    run(board, clock, 0, 0.5, seconds=90)
    assert (board.seconds, board.gpu_seconds) == (90, 45)
    assert "cost 90 s of training, 45 GPU s" in drawn(board)


def test_rows_that_do_not_fit_leave_out_neither_the_best_nor_what_runs(board, clock) -> None:
    for number in range(30):
        run(board, clock, number, 0.9 if number == 3 else 0.5)
    board.started(30, "wise", BASE["wise"])
    text = drawn(board, height=12)
    assert len(text.splitlines()) <= 11
    assert [line.split()[0] for line in text.splitlines()[4:-1]] == [
        *("3", "26", "27", "28", "29", "30")
    ]
    assert "25 trials more" in text


def test_settings_that_do_not_fit_are_named(board, clock) -> None:
    board.started(0, "wise", {"model.heads": 4, "model.dropout": 0.1, "train.learning_rate": 0.1})
    text = drawn(board, width=62)
    assert "no room for dropout, learning_rate" in text
    assert max(map(len, text.splitlines())) <= 62


def test_why_folds_wait_stands_whole_under_the_table_however_narrow_it_is(board, clock) -> None:
    for number in range(30):
        run(board, clock, number, 0.5)
    board.waits_for = (
        "waiting: 3 folds queued; 1 of 2 CPUs free; 1 worker of 2 CPU needed; this cluster does "
        "not grow: it has nodes of 1 CPU, 1 CPU"
    )
    text = drawn(board, width=60, height=12)
    assert len(text.splitlines()) <= 11
    assert text.endswith(
        "waiting: 3 folds queued; 1 of 2 CPUs free; 1 worker of 2 CPU\n"
        "needed; this cluster does not grow: it has nodes of 1 CPU, 1\n"
        "CPU\n"
    )
    board.waits_for = ""
    assert "waiting" not in drawn(board)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (7260, "2 h 1 min"), (400_000, "4 d 15 h")],
)
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
