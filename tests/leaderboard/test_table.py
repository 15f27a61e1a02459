import csv
import json
from pathlib import Path

import pytest

from ser_platform.errors import SerError
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.leaderboard.table import COLUMNS, write_csv
from ser_platform.tracking.entries import LoggedFinal
from tests.runs import PROTOCOL, looked_run, run_result


def board() -> Board:
    result = run_result(1, role="final", right=0.7, run_key="f" * 16)
    return rank(
        [
            LoggedFinal("a" * 32, "demo", "wise", result, ""),
            LoggedFinal("c" * 32, "demo", "wise", None, "4 of 5 folds are finished"),
        ]
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def test_each_result_is_a_line_with_every_column(tmp_path: Path) -> None:
    write_csv(board(), tmp_path / "new" / "board.csv")
    ranked, unranked, *published = rows_of(tmp_path / "new" / "board.csv")
    assert tuple(ranked) == COLUMNS
    assert json.loads(ranked.pop("protocol")) == PROTOCOL
    assert {name: value for name, value in ranked.items() if value} == {
        "kind": "ranked",
        "rank": "1",
        "model": "wise",
        "study": "demo",
        "wa": "0.7",
        "ua": "0.7",
        "wa_mean": "0.7",
        "ua_mean": "0.7",
        "wa_std": "0.0",
        "ua_std": "0.0",
        "selected_on_test": "false",
        "scoring": "1",
        "folds": "5",
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


def test_what_was_selected_on_test_has_the_honest_scores_beside_it(tmp_path: Path) -> None:
    looked = looked_run(1, role="final", right=0.8, honest=0.7, scoring=2)
    write_csv(rank([LoggedFinal("a" * 32, "demo", "wise", looked, "")]), tmp_path / "board.csv")
    (row,) = [row for row in rows_of(tmp_path / "board.csv") if row["kind"] == "ranked"]
    assert json.loads(row["protocol"])["selected_on"] == "test"
    assert (row["selected_on_test"], row["scoring"]) == ("true", "2")
    scores = [float(row[name]) for name in ("ua", "wa_honest", "ua_honest", "gap_ua")]
    assert scores == pytest.approx([0.8, 0.7, 0.7, 0.1])
    assert "a gap of 10.0 points" in row["note"]
    assert "The second selection of this study" in row["note"]


def test_a_file_that_cannot_be_written_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SerError, match=r"--csv: .*/file/board.csv cannot be written"):
        write_csv(board(), tmp_path / "file" / "board.csv")
