"""A study in a SQLite database, as a single machine keeps it."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ser_platform.errors import TrackingError
from ser_platform.results import RunResult
from ser_platform.tracking.connection import connect
from ser_platform.tracking.read import read_finals
from tests.runs import STUDY_KEY, fold_result, looked_run, run_result, unvalidated
from tests.tracking.looking import (
    EXPERIMENT,
    Seen,
    log,
    logged_runs,
    new_tracker,
    see,
    wait_until,
)

pytestmark = pytest.mark.slow


def everything(seen: Seen) -> list[object]:
    """All that a reader of MLflow can see of a study's nested runs and its numbers."""
    return [
        seen.study.data.metrics,
        *(
            (run.info.run_id, run.info.status, run.info.end_time, run.data.tags, run.data.params)
            for run in seen.nested.values()
        ),
        *(
            sorted(seen.history(name, metric))
            for name, run in seen.nested.items()
            for metric in run.data.metrics
        ),
        *(point.value for point in _best(seen)),
    ]


def _best(seen: Seen) -> list:
    return seen.client.get_metric_history(seen.study.info.run_id, "best_val_ua")


def test_a_study_is_a_run_with_one_nested_run_for_each_result(uri: str) -> None:
    assert log(uri, run_result(0), run_result(1, right=0.7), run_result(1, role="final")) == 0
    seen = see(uri)
    assert sorted(seen.nested) == ["wise final", "wise trial 0", "wise trial 1"]
    assert {run.info.status for run in seen.nested.values()} == {"FINISHED"}
    assert seen.study.info.status == "FINISHED"
    assert seen.nested["wise trial 1"].data.params["model.dropout"] == "0.3"


def test_a_study_that_another_process_has_taken_over_is_not_ended_in_its_place(uri: str) -> None:
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(0))
    wait_until(lambda: any(r.info.status == "FINISHED" for r in logged_runs(uri, STUDY_KEY)), 90)
    tracker.finish(None)
    assert see(uri).study.info.status == "RUNNING"


def test_the_list_of_studies_is_a_board_by_itself(uri: str) -> None:
    failed = run_result(2, state="failed", reason="boom", folds=())
    runs = [run_result(0, right=0.5), run_result(1, right=0.7), failed]
    log(uri, *runs, run_result(1, role="final", right=0.7))
    study = see(uri).study
    expected = {
        "trials_done": 2,
        "trials_failed": 1,
        "best_val_ua": 0.7,
        "mean_val_ua": 0.6,
        "test_ua": 0.7,
        "num_parameters": 12_345,
        "train_seconds": 60,  # of two settings: a final has its trial's training in its own
        "gpu_seconds": 0,
    }
    assert {k: study.data.metrics[k] for k in expected} == pytest.approx(expected)
    assert study.data.tags["ser.winner"] == "wise final"


def test_a_study_adds_up_what_its_gpus_were_held_for(uri: str) -> None:
    folds = tuple(fold_result(n).model_copy(update={"gpus": 0.25}) for n in range(1, 6))
    tested = tuple(f.model_copy(update={"seconds": 8.0, "test": f.validation}) for f in folds)
    log(
        uri,
        run_result(0, folds=folds),
        run_result(1, folds=folds),
        run_result(1, role="final", folds=tested),
    )
    study = see(uri).study
    assert study.data.metrics["train_seconds"] == 30 + 40
    assert study.data.metrics["gpu_seconds"] == 7.5 + 10


def test_the_winner_is_chosen_on_validation_whatever_its_test_score(uri: str) -> None:
    better_on_test = tuple(
        fold_result(n, right=0.5).model_copy(
            update={"test": fold_result(n, right=0.9, test=True).test}
        )
        for n in range(1, 6)
    )
    other = run_result(3, role="final", architecture="alignment", folds=better_on_test)
    log(uri, run_result(1, role="final", right=0.7), other)
    study = see(uri).study
    assert study.data.tags["ser.winner"] == "wise final"
    assert study.data.metrics["test_ua"] == pytest.approx(0.7)


def test_nobody_wins_where_nothing_validates_and_several_are_there(uri: str) -> None:
    one, other = (
        unvalidated(run_result(None, role="final", architecture=name, run_key=key, right=right))
        for name, key, right in (("wise", "1" * 16, 0.7), ("alignment", "2" * 16, 0.9))
    )
    tracker = new_tracker(uri, architectures=("wise", "alignment"))
    tracker.start()
    tracker.log(one)  # and it is not taken for the winner while it is the only one
    wait_until(
        lambda: any("trials_done" in run.data.metrics for run in logged_runs(uri, STUDY_KEY))
    )
    tracker.log(other)
    assert tracker.finish() == 0
    study = see(uri).study
    assert "ser.winner" not in study.data.tags
    counts = {"trials_done", "trials_failed", "trials_pruned"}
    assert set(study.data.metrics) == counts | {"train_seconds", "gpu_seconds"}


def test_one_alone_needs_nothing_to_win_by(uri: str) -> None:
    log(uri, unvalidated(run_result(None, role="final", right=0.7, settings={})))
    study = see(uri).study
    assert study.data.tags["ser.winner"] == "wise final"
    assert study.data.metrics["test_ua"] == pytest.approx(0.7)
    assert "best_val_ua" not in study.data.metrics


def test_the_first_of_several_seeds_stands_for_its_setting_whichever_did_best(uri: str) -> None:
    def seeded(seed: int, right: float) -> RunResult:
        settings = {"train.seed": seed} if seed > 7 else {}
        experiment = {"name": "demo", "train": {"seed": seed}}
        return run_result(
            None,
            role="final",
            right=right,
            seed=seed,
            settings=settings,
            experiment=experiment,
            run_key=f"{seed:016x}",
        )

    log(uri, seeded(8, 0.9), seeded(7, 0.6))
    study = see(uri).study
    assert study.data.tags["ser.winner"] == "wise final"
    assert study.data.metrics["test_ua"] == pytest.approx(0.6)


def test_a_study_on_test_takes_its_winner_from_there_and_shows_the_gap(uri: str) -> None:
    one = looked_run(1, role="final", right=0.8, honest=0.75)
    other = looked_run(2, role="final", right=0.9, honest=0.6, architecture="alignment")
    log(uri, one, other)
    seen = see(uri)
    assert seen.study.data.tags["ser.winner"] == "alignment final SELECTED ON TEST"
    metrics = seen.study.data.metrics
    found = [metrics[name] for name in ("test_ua", "test_ua_honest", "selection_gap_ua")]
    assert found == pytest.approx([0.9, 0.6, 0.3])
    assert seen.history("wise final SELECTED ON TEST", "fold2/epoch_test_ua") == [
        (1, 0.2), (2, 0.75), (3, 0.8),
    ]  # fmt: skip


def test_curves_come_back_point_for_point(uri: str) -> None:
    run = run_result(0)
    log(uri, run)
    seen = see(uri)
    for fold in run.folds:
        for name in ("train_loss", "val_loss", "val_ua"):
            curve = [(step, getattr(epoch, name)) for step, epoch in enumerate(fold.epochs, 1)]
            assert seen.history("wise trial 0", f"fold{fold.fold}/{name}") == curve


def test_artifacts_lie_beside_the_database_and_not_in_the_working_directory(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    log(uri, run_result(0))
    run_id = see(uri).nested["wise trial 0"].info.run_id
    folder = tmp_path / "mlartifacts" / run_id / "artifacts"
    assert sorted(path.name for path in folder.iterdir()) == [
        "confusion.json",
        "confusion.png",
        "data.json",
        "environment.json",
        "experiment.json",
        "result.json",
    ]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_logging_again_changes_nothing(uri: str) -> None:
    runs = [run_result(0), run_result(1, right=0.7), run_result(1, role="final")]
    runs.append(run_result(2, state="failed", reason="boom", folds=(fold_result(1),)))
    log(uri, *runs, *runs)
    before = everything(see(uri))
    log(uri, *reversed(runs))
    assert everything(see(uri)) == before


def test_a_failed_run_says_why(uri: str) -> None:
    log(uri, run_result(0, state="failed", reason="fold 2: the loss is nan", folds=()))
    run = see(uri).nested["wise trial 0"]
    assert run.info.status == "FAILED"
    assert run.data.tags["ser.reason"] == "fold 2: the loss is nan"


def test_a_run_that_succeeds_at_the_second_attempt_replaces_the_first(uri: str) -> None:
    log(uri, run_result(0, state="failed", reason="boom", folds=(fold_result(1, right=0.1),)))
    log(uri, run_result(0))
    seen = see(uri)
    assert seen.nested["wise trial 0"].info.status == "FINISHED"
    assert "ser.reason" not in seen.nested["wise trial 0"].data.tags
    assert seen.history("wise trial 0", "fold1/best_val_ua") == [(0, 0.5)]
    assert seen.study.data.metrics["trials_failed"] == 0


def test_a_run_that_was_left_half_written_is_filled_and_not_made_again(
    uri: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(0))
    artifacts = tmp_path / "mlartifacts"
    wait_until(lambda: len(list(artifacts.glob("*/*/result.json"))) == 1)
    artifacts.rename(tmp_path / "away")
    artifacts.write_text("in the way")  # from here on, files cannot be written
    tracker.log(run_result(1))
    wait_until(lambda: "Training goes on" in caplog.text)
    half_written = see(uri).nested["wise trial 1"]
    assert half_written.info.status == "RUNNING"
    artifacts.unlink()
    (tmp_path / "away").rename(artifacts)
    assert tracker.finish() == 0
    seen = see(uri)
    filled = seen.nested["wise trial 1"]
    assert filled.info.run_id == half_written.info.run_id
    assert filled.info.status == "FINISHED"
    assert seen.history("wise trial 1", "fold1/val_ua") == [(1, 0.25), (2, 0.5), (3, 0.125)]


def test_a_study_runs_until_it_ends_and_again_when_it_is_resumed(uri: str) -> None:
    log(uri, run_result(0), status="KILLED")
    first = see(uri).study
    assert first.info.status == "KILLED"
    tracker = new_tracker(uri)
    tracker.start()
    wait_until(lambda: see(uri).study.info.status == "RUNNING")
    assert tracker.finish("FINISHED") == 0
    resumed = see(uri).study
    assert (resumed.info.run_id, resumed.info.status) == (first.info.run_id, "FINISHED")


def test_what_mlflow_refuses_for_good_does_not_hold_up_the_rest(
    uri: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = run_result(1, settings={"no name for mlflow?": 1})
    assert log(uri, run_result(0), refused, run_result(2)) == 1
    seen = see(uri)
    assert {name: run.info.status for name, run in seen.nested.items()} == {
        "wise trial 0": "FINISHED",
        "wise trial 1": "KILLED",
        "wise trial 2": "FINISHED",
    }
    assert seen.study.info.status == "FINISHED"
    (refusal,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert refusal.startswith(f"MLflow at {uri}: a record is refused and set aside as {tmp_path}/")
    assert ".zip.refused: wise trial 1: Invalid value" in refusal


def test_a_deleted_experiment_is_named_with_the_way_to_restore_it(
    uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(uri)
    client.delete_experiment(client.create_experiment(EXPERIMENT))
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(0))
    assert tracker.finish(timeout_s=1) == 2  # the result, and the end of the study
    assert "was deleted; restore it with `mlflow experiments restore --experiment-id 1`" in (
        caplog.text
    )


def test_an_unusable_place_ends_the_program_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database")
    with pytest.raises(TrackingError, match="is not a SQLite database"):
        new_tracker(f"sqlite:///{tmp_path}/notes.txt").start()


PROGRAM = """
import sys, time
from tests.runs import run_result
from tests.tracking.looking import new_tracker
tracker = new_tracker(sys.argv[1], sys.argv[2])
tracker.start()
tracker.log(run_result(0, study_key=sys.argv[2]))
if sys.argv[3] == "hang":
    time.sleep(60)
sys.exit(tracker.finish())
"""


@pytest.fixture
def program() -> Callable[..., subprocess.Popen[bytes]]:
    """Another program that logs one result to a study of its own."""
    root = Path(__file__).parents[2]

    def start(uri: str, study_key: str, then: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", PROGRAM, uri, study_key, then]
        return subprocess.Popen(command, cwd=root)

    return start


def test_two_programs_that_start_at_once_make_one_database(
    tmp_path: Path, program: Callable[..., subprocess.Popen[bytes]]
) -> None:
    uri = f"sqlite:///{tmp_path}/new/folder/mlflow.db"
    both = [program(uri, key, "finish") for key in ("a" * 16, "b" * 16)]
    assert [process.wait(60) for process in both] == [0, 0]
    for key in ("a" * 16, "b" * 16):
        assert list(see(uri, key).nested) == ["wise trial 0"]
    assert sorted(path.name for path in (tmp_path / "new/folder").iterdir()) == [
        "journal",
        "mlartifacts",
        "mlflow.db",
    ]


def test_a_study_whose_program_was_killed_does_not_stay_running(
    uri: str, program: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    killed = program(uri, "a" * 16, "hang")
    wait_until(lambda: len(list(tmp_path.glob("mlartifacts/*/*/result.json"))) == 1, 60)
    log(uri, run_result(0))
    assert see(uri, "a" * 16).study.info.status == "RUNNING"  # it lives, so it is left alone
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    log(uri, run_result(0))
    assert see(uri, "a" * 16).study.info.status == "KILLED"


def test_finals_are_read_back_as_they_were_and_only_when_they_are(
    uri: str, tmp_path: Path
) -> None:
    whole = run_result(1, role="final", right=0.7)
    four_folds = run_result(2, role="final", folds=whole.folds[:4])
    log(uri, run_result(0), whole, four_folds)
    finals = {final.problem: final.result for final in read_finals(uri, EXPERIMENT).runs}
    assert finals == {"": whole, "4 of 5 folds are finished": None}

    (result_file,) = [
        path
        for path in tmp_path.glob("mlartifacts/*/*/result.json")
        if json.loads(path.read_text())["run_key"] == whole.run_key
    ]
    result_file.write_text(result_file.read_text().replace("0.7", "0.9"))
    problems = {final.problem for final in read_finals(uri, EXPERIMENT).runs}
    assert "its result.json is not what was logged" in problems
    result_file.unlink()
    problems = {final.problem for final in read_finals(uri, EXPERIMENT).runs}
    assert "its result.json is missing" in problems
