"""The life of a study: a real Ray, a real S3 server, a real MLflow server.

One command, run twice: submitted as a job to a cluster while MLflow is down, and run here with
MLflow up. What happens when a study is killed: test_interrupted.py.
"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import psutil
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.trial import TrialState

from ser_platform.config.schema import Experiment
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import load_frames
from ser_platform.features.embeddings import load_vectors
from ser_platform.inference.answer import Answer
from ser_platform.joining import build_dataset
from ser_platform.leaderboard.__main__ import main as leaderboard
from ser_platform.predict.__main__ import main as predict
from ser_platform.results import RunResult
from ser_platform.storage import ObjectStore, open_store
from ser_platform.train.fold import score_fold
from ser_platform.train.given import read
from ser_platform.train.ranks import Ranks
from tests.mlflow_server import MlflowServer
from tests.ray_head import RayHead, ray_head
from tests.servers import S3Server
from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path
) -> Iterator[MlflowServer]:
    """Not started yet."""
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"), empty_database)
    yield server
    server.kill()


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server, server: MlflowServer, demo_root: Path
) -> Platform:
    """A folder with an experiment file that means the same on every machine."""
    platform = Platform(tmp_path_factory.mktemp("work"), s3.environment)
    storage = f"sqlite:///{platform.folder}/optuna.db"
    platform.write(
        {
            **BOTH,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "study": {**BOTH["study"], "storage": storage},
            "store": f"s3://{s3.bucket}/main-job",
            "tracking": {"uri": server.uri, "journal": str(platform.folder / "journal")},
        }
    )
    return platform


@pytest.fixture(scope="module")
def store(s3: S3Server) -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        yield open_store(f"s3://{s3.bucket}/main-job")


@pytest.fixture(scope="module")
def head(s3: S3Server) -> Iterator[RayHead]:
    with ray_head(s3.environment) as head:
        yield head


@pytest.fixture(scope="module")
def submitted(platform: Platform, head: RayHead) -> Ended:
    """The study as a job, while MLflow is down."""
    file = platform.folder / "tiny.yaml"
    return head.submit("python", "-m", "ser_platform.tune", str(file))


@pytest.fixture(scope="module")
def with_mlflow(platform: Platform, server: MlflowServer, submitted: Ended) -> Ended:
    """The same command here, with MLflow up."""
    server.start()
    return platform.run("tune", "tiny.yaml")


@pytest.fixture(scope="module")
def runs(with_mlflow: Ended, server: MlflowServer) -> list[Run]:
    client = MlflowClient(server.uri)
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None, with_mlflow.stdout
    return list(client.search_runs([experiment.experiment_id]))


def with_role(runs: list[Run], role: str) -> list[Run]:
    return [run for run in runs if run.data.tags.get("ser.role") == role]


def test_nobody_sees_or_starts_jobs_without_the_token(head: RayHead) -> None:
    """Answers to a request for all jobs, and to one that would start another."""
    bad = "another-token-" + "1" * 20
    assert [head.asked(token) for token in (None, "", bad, head.token)] == [401, 403, 403, 200]
    start = b'{"entrypoint": "touch /tmp/evil"}'
    assert [head.asked(token, start) for token in (None, bad)] == [401, 403]


def test_the_dashboard_of_a_head_is_for_this_machine_alone(head: RayHead) -> None:
    port = int(head.jobs_url.rpartition(":")[2])
    listening = psutil.net_connections("tcp")
    bound = {
        c.laddr.ip for c in listening if c.status == "LISTEN" and c.laddr and c.laddr.port == port
    }
    assert bound == {"127.0.0.1"}


def test_nobody_submits_without_the_token(head: RayHead, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another-token-" + "1" * 20)
    done = head.submit("true", RAY_AUTH_TOKEN_PATH=str(wrong))
    assert done.returncode != 0


def test_a_study_that_fails_fails_the_job(head: RayHead, tmp_path: Path) -> None:
    corpus = {"kind": "iemocap", "root": str(tmp_path / "absent")}
    file = Platform(tmp_path).write({**BOTH, "corpus": corpus})
    done = head.submit("python", "-m", "ser_platform.tune", str(tmp_path / file))
    assert done.returncode != 0
    assert "absent" in done.stdout


def test_a_submitted_study_runs_on_the_cluster_with_every_trial_once(
    submitted: Ended, platform: Platform
) -> None:
    assert submitted.returncode == 0, submitted.stdout
    assert "ray: joined the cluster at" in submitted.stdout
    assert "2 of 2 trials to run, 2 worker group(s)" in submitted.stdout
    storage = f"sqlite:///{platform.folder}/optuna.db"
    (name,) = optuna.get_all_study_names(storage)
    states = [trial.state for trial in optuna.load_study(study_name=name, storage=storage).trials]
    assert states == [TrialState.COMPLETE] * 2


def test_with_mlflow_down_the_study_still_ends_and_says_what_is_missing(submitted: Ended) -> None:
    assert submitted.stdout.count("test   ") == 2, submitted.stdout
    (warned,) = [line for line in submitted.stdout.splitlines() if "Training goes on" in line]
    assert "connection refused" in warned
    # Two trials, two finals, the page of the search and its table, the end of the study.
    assert "connection refused. 6 records pending: python -m ser_platform.tracking sync " in (
        submitted.stdout
    )


def test_the_same_command_logs_what_was_missing_and_trains_nothing_again(
    with_mlflow: Ended, runs: list[Run]
) -> None:
    assert with_mlflow.returncode == 0, with_mlflow.stdout
    assert "0 of 2 trials to run" in with_mlflow.stdout
    assert "features:" not in with_mlflow.stdout
    assert {role: len(with_role(runs, role)) for role in ("study", "trial", "final")} == {
        "study": 1,
        "trial": 2,
        "final": 2,
    }


def test_both_architectures_are_ranked_and_called_synthetic(with_mlflow: Ended) -> None:
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


def test_a_final_shows_what_its_network_attends_to_in_utterances_of_several_classes(
    runs: list[Run], server: MlflowServer
) -> None:
    client = MlflowClient(server.uri)
    for final in with_role(runs, "final"):
        shown = client.list_artifacts(final.info.run_id, "attention")
        classes = {Path(file.path).name.split("-")[0] for file in shown}
        assert len(classes) >= 2
        assert classes <= set(EMOTIONS)


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


def test_the_door_answers_as_the_model_in_mlflow_does(
    runs: list[Run], server: MlflowServer, demo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = MlflowClient(server.uri)
    (model,) = client.search_logged_models([runs[0].info.experiment_id])
    recording = str(next(demo_root.rglob("Ses01F_impro01_F000.wav")))
    addresses = [f"models:/{model.model_id}", f"runs:/{model.source_run_id}/{model.name}"]
    answers = []
    for address in addresses:
        arguments = [address, recording, "--text", "well", "--json", "--uri", server.uri]
        assert predict(arguments) == 0
        answers.append(Answer.model_validate_json(capsys.readouterr().out))
    first, second = answers
    assert first.probabilities == second.probabilities
    assert first.model.digest == second.model.digest
    assert first.calibrated
    assert "the model was trained on synthetic speech" in " ".join(first.warnings)


def test_a_model_that_mlflow_does_not_have_is_said(
    runs: list[Run], server: MlflowServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(["models:/nobody@champion", "a.wav", "--uri", server.uri]) == 2
    assert f"models:/nobody@champion: MLflow at {server.uri}" in capsys.readouterr().err


def test_the_leaderboard_is_a_csv_too(
    with_mlflow: Ended, tmp_path: Path, server: MlflowServer
) -> None:
    assert leaderboard(["--uri", server.uri, "--csv", str(tmp_path / "board.csv")]) == 0
    with (tmp_path / "board.csv").open(encoding="utf-8") as board:
        rows = list(csv.DictReader(board))
    ranked = [row for row in rows if row["kind"] == "ranked"]
    assert sorted(row["model"] for row in ranked) == ["alignment", "wise"]


def test_two_groups_gave_each_fold_the_numbers_it_has_alone(
    runs: list[Run], server: MlflowServer, store: ObjectStore, tmp_path: Path
) -> None:
    for run in with_role(runs, "final"):
        artifact = MlflowClient(server.uri).download_artifacts(run.info.run_id, "result.json")
        found = RunResult.model_validate_json(Path(artifact).read_bytes())
        setting = Experiment.model_validate(found.experiment, strict=False)
        corpus, folds = read(setting)
        frames = load_frames(store, corpus.utterances, setting.features)
        words = {word.text for utterance in corpus.utterances for word in utterance.words}
        dataset = build_dataset(corpus.utterances, frames, load_vectors(setting.embedding, words))
        here = open_store(str(tmp_path / found.architecture))
        for fold, theirs in zip(folds, found.folds, strict=True):
            alone = score_fold(setting, "alone", fold, dataset, here, Ranks())
            assert theirs.test == alone.test
            assert [e.val_loss for e in theirs.epochs] == [e.val_loss for e in alone.epochs]


def test_nothing_unfinished_is_left_in_the_store(with_mlflow: Ended, store: ObjectStore) -> None:
    keys = list(store.keys())
    assert keys
    assert not [key for key in keys if "progress" in key or "quarantine" in key]
