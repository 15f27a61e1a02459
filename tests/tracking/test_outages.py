"""MLflow that is away, comes back, or hangs: training must not notice, and nothing be lost."""

import logging
import socket
import time
from collections.abc import Iterator

import pytest

from ser_platform.tracking import Tracker
from ser_platform.tracking.read import read_finals
from tests.mlflow_server import MlflowServer
from tests.runs import run_result
from tests.servers import free_port
from tests.tracking.looking import EXPERIMENT, logged_runs, new_tracker, see, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.faults]


@pytest.fixture
def hanging_uri(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes connections and never answers."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def slowest_log_s(tracker: Tracker, runs: int) -> float:
    taken = []
    for number in range(runs):
        run = run_result(number)
        started = time.perf_counter()
        tracker.log(run)
        taken.append(time.perf_counter() - started)
    return max(taken)


def test_a_hanging_server_costs_training_nothing_and_the_end_is_bounded(
    hanging_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = new_tracker(hanging_uri)
    tracker.start()
    wait_until(lambda: "no answer" in caplog.text)
    assert slowest_log_s(tracker, 20) < 0.010
    started = time.perf_counter()
    assert tracker.finish(timeout_s=1.5) == 20
    assert time.perf_counter() - started < 2.5
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING] == [
        f"MLflow at {hanging_uri}: no answer. Training goes on; results are stored, and logged "
        "when MLflow is back.",
        f"MLflow at {hanging_uri} lacks 20 results: no answer. Remedy: start it and run the same "
        "command again: results are stored and only the missing are logged.",
    ]


def test_a_server_that_is_down_is_said_once_with_the_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(0))
    wait_until(lambda: "connection refused" in caplog.text)
    assert tracker.finish(timeout_s=3) == 1
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING] == [
        f"MLflow at {uri}: connection refused. Training goes on; results are stored, and logged "
        "when MLflow is back.",
        f"MLflow at {uri} lacks 1 result: connection refused. Remedy: start it and run the same "
        "command again: results are stored and only the missing are logged.",
    ]


def test_what_was_logged_before_the_server_was_up_is_there_afterwards(
    server: MlflowServer, caplog: pytest.LogCaptureFixture
) -> None:
    key = "a" * 16
    tracker = new_tracker(server.uri, key)
    tracker.start()
    runs = [run_result(n, study_key=key) for n in range(2)]
    for run in runs:
        tracker.log(run)
    wait_until(lambda: "connection refused" in caplog.text)
    server.start()
    scored = run_result(1, role="final", study_key=key)
    tracker.log(scored)
    assert tracker.finish() == 0
    seen = see(server.uri, key)
    assert sorted(seen.nested) == ["wise final", "wise trial 0", "wise trial 1"]
    final = seen.nested["wise final"]
    assert {run.info.status for run in [seen.study, *seen.nested.values()]} == {"FINISHED"}
    assert "confusion.png" in {a.path for a in seen.client.list_artifacts(final.info.run_id)}
    assert [f.result for f in read_finals(server.uri, EXPERIMENT).runs] == [scored]


def test_a_server_killed_in_the_middle_has_everything_once_after_it_is_back(
    server: MlflowServer, caplog: pytest.LogCaptureFixture
) -> None:
    key = "b" * 16
    server.start()
    runs = [run_result(n, study_key=key) for n in range(6)]
    tracker = new_tracker(server.uri, key)
    tracker.start()
    for run in runs[:3]:
        tracker.log(run)
    wait_until(lambda: len(logged_runs(server.uri, key)) > 1)
    server.kill()  # while it writes
    for run in runs[3:]:
        tracker.log(run)
    wait_until(lambda: "Training goes on" in caplog.text)
    server.start()
    assert tracker.finish() == 0
    seen = see(server.uri, key)
    assert sorted(seen.nested) == [f"wise trial {n}" for n in range(6)]
    assert {run.info.status for run in [seen.study, *seen.nested.values()]} == {"FINISHED"}
    for run in runs:
        for fold in run.folds:
            curve = [(step, epoch.val_ua) for step, epoch in enumerate(fold.epochs, 1)]
            assert seen.history(f"wise trial {run.number}", f"fold{fold.fold}/val_ua") == curve
