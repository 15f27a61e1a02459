"""The main job end to end: a real Ray, a real S3 server, a real MLflow server.

It is run three times with the same command: with MLflow down, with MLflow up, and again.
"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.mlflow_server import MlflowServer
from tests.servers import S3Server
from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """Not started yet."""
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server, server: MlflowServer, demo_root: Path
) -> Platform:
    platform = Platform(tmp_path_factory.mktemp("work"), s3.environment)
    platform.write(
        {
            **BOTH,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "store": f"s3://{s3.bucket}/main-job",
            "tracking": {"uri": server.uri},
        }
    )
    return platform


@pytest.fixture(scope="module")
def without_mlflow(platform: Platform) -> subprocess.CompletedProcess[str]:
    return platform.run("tune", "tiny.yaml")


@pytest.fixture(scope="module")
def with_mlflow(
    platform: Platform, server: MlflowServer, without_mlflow: subprocess.CompletedProcess[str]
) -> subprocess.CompletedProcess[str]:
    server.start()
    return platform.run("tune", "tiny.yaml")


@pytest.fixture(scope="module")
def runs(with_mlflow: subprocess.CompletedProcess[str], server: MlflowServer) -> list[Run]:
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None, with_mlflow.stdout
    return list(client.search_runs([experiment.experiment_id]))


def with_role(runs: list[Run], role: str) -> list[Run]:
    return [run for run in runs if run.data.tags.get("ser.role") == role]


def test_with_mlflow_down_the_study_still_ends_and_says_what_is_missing(
    without_mlflow: subprocess.CompletedProcess[str],
) -> None:
    output = without_mlflow.stdout
    assert "2 of 2 trials to run" in output
    assert output.count("test   ") == 2, output
    assert "results are stored and only the missing are logged" in output


def test_the_same_command_logs_what_was_missing_and_trains_nothing_again(
    with_mlflow: subprocess.CompletedProcess[str], runs: list[Run]
) -> None:
    assert with_mlflow.returncode == 0, with_mlflow.stdout
    assert "0 of 2 trials to run" in with_mlflow.stdout
    assert "features:" not in with_mlflow.stdout
    assert {role: len(with_role(runs, role)) for role in ("study", "trial", "final")} == {
        "study": 1,
        "trial": 2,
        "final": 2,
    }


def test_both_architectures_are_ranked_and_called_synthetic(
    with_mlflow: subprocess.CompletedProcess[str],
) -> None:
    board = with_mlflow.stdout[with_mlflow.stdout.index("corpus demo") :]
    assert "Synthetic speech: scores mean nothing about people." in board
    assert "alignment" in board
    assert "wise" in board
    assert "mlflow" in board or "http://" in board


def test_every_run_is_finished_and_hangs_under_its_study(runs: list[Run]) -> None:
    (study,) = with_role(runs, "study")
    children = with_role(runs, "trial") + with_role(runs, "final")
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {study.info.run_id}
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_trials_carry_validation_only_and_finals_the_test_scores(runs: list[Run]) -> None:
    for trial in with_role(runs, "trial"):
        assert not [name for name in trial.data.metrics if "test" in name]
        assert 0 <= trial.data.metrics["val_ua"] <= 1
    for final in with_role(runs, "final"):
        assert {"test_wa", "test_ua", "fold1/test_ua", "fold2/test_ua"} <= set(final.data.metrics)


def test_a_final_holds_its_matrix_its_setting_and_its_curves(
    runs: list[Run], server: MlflowServer
) -> None:
    client = MlflowClient(server.uri)
    final = with_role(runs, "final")[0].info.run_id
    found = {file.path for file in client.list_artifacts(final)}
    assert {"confusion.json", "confusion.png", "experiment.json", "result.json"} <= found
    assert len(client.get_metric_history(final, "fold1/val_ua")) == 2


def test_the_winner_answers_in_a_process_without_pickle(
    runs: list[Run], server: MlflowServer, platform: Platform, demo_root: Path
) -> None:
    client = MlflowClient(server.uri)
    (model,) = client.search_logged_models([runs[0].info.experiment_id])
    assert model.source_run_id in {run.info.run_id for run in with_role(runs, "final")}
    recording = next(demo_root.rglob("Ses01F_impro01_F000.wav"))
    code = (
        "import sys, pandas as pd, mlflow\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model(f'models:/{sys.argv[2]}')\n"
        "answer = model.predict(pd.DataFrame({'file': [sys.argv[3]], 'words': ['']}))\n"
        "total = answer.drop(columns='label').to_numpy().sum()\n"
        "sys.stdout.write(f'{answer.label[0]} {total}')"
    )
    environment = {**platform.variables, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
    answered = subprocess.run(
        [sys.executable, "-c", code, server.uri, model.model_id, str(recording)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answered.returncode == 0, answered.stderr
    label, total = answered.stdout.split()
    assert label in {"ang", "hap", "neu", "sad"}
    assert float(total) == pytest.approx(1, abs=1e-5)


def test_the_leaderboard_is_a_csv_too(
    with_mlflow: subprocess.CompletedProcess[str], platform: Platform, server: MlflowServer
) -> None:
    done = platform.run("leaderboard", "--uri", server.uri, "--csv", "board.csv")
    assert done.returncode == 0, done.stdout
    with (platform.folder / "board.csv").open(encoding="utf-8") as board:
        rows = list(csv.DictReader(board))
    ranked = [row for row in rows if row["kind"] == "ranked"]
    assert sorted(row["model"] for row in ranked) == ["alignment", "wise"]


def test_nothing_unfinished_is_left_in_the_store(
    with_mlflow: subprocess.CompletedProcess[str], s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ser_platform.storage import open_store

    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    keys = list(open_store(f"s3://{s3.bucket}/main-job").keys())
    assert keys
    assert not [key for key in keys if "progress" in key or "quarantine" in key]
