import csv
import io
import json

import pytest

from ser_platform.leaderboard.as_csv import COLUMNS, as_csv
from ser_platform.leaderboard.comparison import comparisons
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.tracking.entries import LoggedFinal
from tests.leaderboard.boards import board_of, final, small
from tests.runs import PROTOCOL, looked_run


def lines_of(board: Board) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(board, comparisons(board)))))


def test_each_result_is_a_line_with_every_column() -> None:
    result = final(1, right=0.7, run_key="f" * 16)
    board = rank(
        [
            LoggedFinal("a" * 32, "demo", "wise", result, ""),
            LoggedFinal("c" * 32, "demo", "wise", None, "4 of 5 folds are finished"),
        ]
    )
    ranked, unranked, *published = lines_of(board)
    assert tuple(ranked) == COLUMNS
    assert json.loads(ranked.pop("protocol")) == PROTOCOL
    calibration = {name: ranked.pop(name) for name in ("ece", "ece_scaled", "log_loss")}
    assert float(calibration["ece"]) == pytest.approx(0)  # 70 % sure, and right in 70 %
    f1 = {name: ranked.pop(name) for name in list(ranked) if name.startswith("macro_f1")}
    assert len(f1) == 7
    assert {name: value for name, value in ranked.items() if value} == {
        "kind": "ranked",
        "protocol_id": result.protocol_id,
        "rank": "1",
        "model": "wise",
        "study": "demo",
        **dict.fromkeys(("wa", "wa_low", "wa_high", "wa_mean", "wa_seeds_mean"), "0.7"),
        **dict.fromkeys(("ua", "ua_low", "ua_high", "ua_mean", "ua_seeds_mean"), "0.7"),
        **dict.fromkeys(("wa_std", "ua_std", "wa_seeds_std", "ua_seeds_std"), "0.0"),
        "selected_on_test": "false",
        "scoring": "1",
        "folds": "5",
        "seeds": "1",
        "utterances": "200",
        "clusters": "10",
        "clustered_by": "speaker",
        "num_parameters": "12345",
        "seconds": "30.0",
        "run_id": "a" * 32,
        "run_key": "f" * 16,
        "signature": "0a1b2c3d",
        "finished_at": "2020-09-13T12:27:30+00:00",
        "synthetic": "false",
    }
    assert (unranked["kind"], unranked["note"]) == ("unranked", "4 of 5 folds are finished")
    assert not unranked["rank"]
    assert not unranked["ua"]
    assert {row["kind"] for row in published} == {"published"}
    assert not any(row["rank"] or row["protocol"] for row in published)
    wise = next(row for row in published if row["model"] == "WISE (proposed)")
    assert (wise["wa"], wise["ua"], wise["source"]) == ("0.759", "0.764", "Shen 2020, table 1")


def test_a_row_says_what_it_was_tested_against_and_what_came_of_it() -> None:
    best, other = (row for row in lines_of(small()) if row["kind"] == "ranked")
    assert (best["seeds"], best["run_id"]) == ("2", f"{'a' * 32} {'b' * 32}")
    assert not best["tested_against"]
    assert not best["p_ua"]
    assert other["tested_against"] == "a" * 32
    difference = float(other["ua_difference"])
    assert difference == pytest.approx(float(other["ua"]) - float(best["ua"]))
    assert float(other["ua_difference_low"]) <= difference <= float(other["ua_difference_high"])
    assert 2 / 2**10 <= float(other["p_ua"]) <= float(other["p_ua_holm"]) < 0.05
    assert not other["mcnemar"]  # of two seeds
    assert not other["mcnemar_holm"]
    assert float(best["ua_scripted"]) != float(best["ua_improvised"])


def test_mcnemar_is_there_as_it_is_and_corrected() -> None:
    board = board_of(final(1, 0.9), final(2, 0.875), final(3, 0.7))
    _, second, third = (row for row in lines_of(board) if row["kind"] == "ranked")
    # All of 200 answers of the best are right where theirs are: 5 x 1 and 5 x 8 are theirs not.
    assert float(second["mcnemar"]) == pytest.approx(2 / 2**5)
    assert float(second["mcnemar_holm"]) == pytest.approx(2 / 2**5)
    assert float(third["mcnemar"]) == pytest.approx(2 / 2**40)
    assert float(third["mcnemar_holm"]) == pytest.approx(2 * 2 / 2**40)


def test_what_was_selected_on_test_has_the_honest_scores_beside_it() -> None:
    looked = looked_run(1, role="final", right=0.8, honest=0.7, scoring=2)
    (row,) = [row for row in lines_of(board_of(looked)) if row["kind"] == "ranked"]
    assert json.loads(row["protocol"])["selected_on"] == "test"
    assert (row["selected_on_test"], row["scoring"]) == ("true", "2")
    scores = [float(row[name]) for name in ("ua", "wa_honest", "ua_honest", "gap_ua")]
    assert scores == pytest.approx([0.8, 0.7, 0.7, 0.1])
    assert "a gap of 10.0 points" in row["note"]
    assert "The second selection of this study" in row["note"]
