"""``python -m ser_platform.leaderboard`` on what a tracker really wrote."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from ser_platform.leaderboard.__main__ import main
from tests.runs import run_result
from tests.servers import free_port
from tests.tracking.looking import log

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> str:
    database = shutil.copy(empty_database, tmp_path_factory.mktemp("leaderboard") / "mlflow.db")
    uri = f"sqlite:///{database}"
    whole = run_result(1, role="final", right=0.7, synthetic=True)
    log(uri, run_result(1), whole, run_result(2, role="final", folds=whole.folds[:4]))
    return uri


def test_the_board_ranks_what_is_whole_and_says_what_is_not(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--uri", uri, "--csv", str(tmp_path / "board.csv")]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert "Synthetic speech: scores mean nothing about people." in lines
    assert any(line.startswith(" 1  wise   70.0 [70.0, 70.0]  70.0 [") for line in lines)
    assert any(line.endswith(": 4 of 5 folds are finished") for line in lines)
    assert any(f"mlflow ui --backend-store-uri {uri} --host 127.0.0.1 " in line for line in lines)
    link = "  http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning"
    assert link in lines
    assert lines[-1].startswith(f"{link}&viewStateShareKey=ser-")
    with (tmp_path / "board.csv").open(newline="") as f:
        kinds = [row["kind"] for row in csv.DictReader(f)]
    assert kinds[:3] == ["ranked", "unranked", "published"]


def test_a_file_in_the_place_of_the_table_is_all_that_is_printed(
    uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--uri", uri, "--against", "demo/wise", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    (group,) = found["groups"]
    assert group["tested_against"] == group["rows"][0]["run_ids"][0]
    assert main(["--uri", uri, "--protocol", group["protocol_id"], "--markdown", "-"]) == 0
    assert capsys.readouterr().out.startswith("# Leaderboard\n")


def test_a_row_that_is_not_there_is_refused(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--uri", uri, "--against", "demo/alignment"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: --against: no ranked result 'demo/alignment'; there is: ")
    assert message.endswith(" (demo/wise)\n")


def test_another_experiment_is_not_there_and_those_that_are_get_named(
    uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--uri", uri, "--experiment", "mine"]) == 2
    assert capsys.readouterr().err == (
        f"error: MLflow at {uri} has no experiment 'mine'; there is: Default, ser_platform\n"
    )


def test_an_experiment_without_results_says_what_to_run(
    uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--uri", uri, "--experiment", "Default"]) == 0
    assert (
        f"No complete result in 'Default' at {uri}. Run `python -m ser_platform.tune "
        "experiments/demo.yaml`."
    ) in capsys.readouterr().out


def test_no_database_is_made_by_looking_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert capsys.readouterr().err == (
        f"error: there is no {tmp_path}/.ser/mlflow.db: nothing has been logged yet. Run `python "
        "-m ser_platform.tune experiments/demo.yaml`, or name another database with --uri\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_down_is_an_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    assert main(["--uri", uri]) == 2
    assert capsys.readouterr().err == (
        f"error: MLflow at {uri}: connection refused. Start it, or name another with --uri\n"
    )
