"""MLflow that is away, comes back, or hangs: training must not notice, and nothing be lost."""

import logging
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient

import ser_platform
from ser_platform.results import RunResult
from ser_platform.tracking import Tracker
from ser_platform.tracking.__main__ import main
from ser_platform.tracking.read import read_finals
from ser_platform.tune.storage import open_storage
from tests.fault_proxy import fault_proxy
from tests.mlflow_server import MlflowServer
from tests.runs import STUDY_KEY, fold_result, run_result
from tests.servers import free_port
from tests.tracking.looking import (
    EXPERIMENT,
    as_logged,
    log,
    logged_runs,
    new_tracker,
    see,
    wait_until,
)

pytestmark = [pytest.mark.slow, pytest.mark.faults]

ROOT = Path(ser_platform.__file__).parents[1]


@pytest.fixture
def persistent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once, and the end does not give up before they are through."""
    monkeypatch.setattr("ser_platform.tracking.tracker._LONGEST_OUTAGE_S", 100)
    monkeypatch.setattr("ser_platform.tracking.tracker._FIRST_WAIT_S", 0.01)


@pytest.fixture
def hanging_uri(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes connections and never answers."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


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
    assert slowest_log_s(tracker, 20) < 0.9  # a disk, and no answer: tests/benchmarks/journal.py
    started = time.perf_counter()
    assert tracker.finish(timeout_s=1.5) == 21
    assert time.perf_counter() - started < 2.5
    assert warnings(caplog) == [
        f"MLflow at {hanging_uri}: no answer. Training goes on; records are kept in journal and "
        "sent when it is back.",
        f"MLflow at {hanging_uri}: no answer. 21 records pending: python -m "
        "ser_platform.tracking sync journal",
    ]


def test_a_server_that_is_down_is_said_once_with_the_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(0))
    wait_until(lambda: "connection refused" in caplog.text)
    assert tracker.finish(timeout_s=3) == 2
    assert warnings(caplog) == [
        f"MLflow at {uri}: connection refused. Training goes on; records are kept in journal and "
        "sent when it is back.",
        f"MLflow at {uri}: connection refused. 2 records pending: python -m "
        "ser_platform.tracking sync journal",
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
    assert tracker.finish(timeout_s=100) == 0
    seen = see(server.uri, key)
    assert sorted(seen.nested) == ["wise final", "wise trial 0", "wise trial 1"]
    final = seen.nested["wise final"]
    assert {run.info.status for run in [seen.study, *seen.nested.values()]} == {"FINISHED"}
    assert "confusion.png" in {a.path for a in seen.client.list_artifacts(final.info.run_id)}
    assert [f.result for f in read_finals(server.uri, EXPERIMENT).runs] == [scored]


@pytest.mark.parametrize("back", ["before the end", "after the end"])
def test_a_server_killed_in_the_middle_has_everything_once_after_it_is_back(
    back: str,
    server: MlflowServer,
    uri: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = {"before the end": "b", "after the end": "c"}[back] * 16
    server.start()
    runs = [run_result(n, study_key=key) for n in range(5)]
    tracker = new_tracker(server.uri, key)
    tracker.start()
    for run in runs[:3]:
        tracker.log(run)
    wait_until(lambda: len(logged_runs(server.uri, key)) > 1)
    server.kill()  # while it writes
    for run in runs[3:]:
        tracker.log(run)
    wait_until(lambda: "Training goes on" in caplog.text)
    if back == "before the end":
        server.start()
        assert tracker.finish(timeout_s=100) == 0
    else:
        assert tracker.finish(timeout_s=0.5) > 1
        server.start()
        assert main(["sync", "journal"]) == 0
        assert capsys.readouterr().out.endswith(f"sent to {server.uri}, the study is FINISHED\n")
    assert as_logged(server.uri, key) == undisturbed(uri, key, runs)


def undisturbed(uri: str, key: str, runs: list[RunResult]) -> dict[str, Any]:
    """The same study in a database that is always there."""
    tracker = new_tracker(uri, key)
    tracker.start()
    for run in runs:
        tracker.log(run)
    assert tracker.finish(timeout_s=100) == 0
    return as_logged(uri, key)


@pytest.mark.parametrize("fault", ["hang", "internal", "too-many"])
def test_a_server_that_hangs_or_answers_errors_has_everything_once_it_is_well(
    fault: str,
    server: MlflowServer,
    uri: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = f"{['hang', 'internal', 'too-many'].index(fault):016x}"
    server.start()
    runs = [run_result(n, study_key=key) for n in range(3)]
    with fault_proxy(server.uri) as proxy:
        tracker = new_tracker(proxy.endpoint, key)
        tracker.start()
        tracker.log(runs[0])
        wait_until(lambda: len(logged_runs(server.uri, key)) > 1)
        proxy.always = fault
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        for run in runs[1:]:
            started = time.perf_counter()
            tracker.log(run)
            assert time.perf_counter() - started < 0.9
        wait_until(lambda: "Training goes on" in caplog.text)
        asked = len(proxy.requests)
        time.sleep(1.5)
        assert len(proxy.requests) - asked <= 5  # it is asked again, and not without end
        monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT")
        proxy.always = None
        assert tracker.finish(timeout_s=100) == 0
    assert len(warnings(caplog)) == 1
    assert as_logged(server.uri, key) == undisturbed(uri, key, runs)


CHANGING = (
    *("create_experiment", "create_run", "update_run", "set_terminated"),
    *("set_tag", "log_batch", "log_artifacts"),
)
"""What the log of a trial asks of MLflow's client."""


@pytest.mark.usefixtures("persistent")
@pytest.mark.parametrize("when", ["before", "after"])
def test_every_single_change_may_fail_once_before_or_after_it_took_effect(
    when: str, uri: str, tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_result(0, folds=(fold_result(1),), num_folds=1)
    failed: set[str] = set()

    def failing(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def once(client: MlflowClient, *args: Any, **kwargs: Any) -> Any:
            # A folder is a temporary one, another in each attempt.
            key = f"{name} {args[:1] if name == 'log_artifacts' else args} {kwargs}"
            fails = key not in failed
            failed.add(key)
            if fails and when == "before":
                raise ConnectionResetError("lost on its way there")
            done = change(client, *args, **kwargs)
            if fails:
                raise ConnectionResetError("lost on its way back")
            return done

        return once

    with monkeypatch.context() as patch:
        for name in CHANGING:
            patch.setattr(MlflowClient, name, failing(name, getattr(MlflowClient, name)))
        assert log(uri, run) == 0
    assert len(failed) > 10
    (tmp_path / "undisturbed").mkdir()
    other = f"sqlite:///{tmp_path}/undisturbed/mlflow.db"
    (tmp_path / "undisturbed" / "mlflow.db").write_bytes(empty_database.read_bytes())
    assert as_logged(uri) == undisturbed(other, STUDY_KEY, [run])


KILLED_BEFORE_THE_FIRST_METRIC = """
import os, sys, time
from mlflow import MlflowClient
from tests.runs import run_result
from tests.tracking.looking import new_tracker
MlflowClient.log_batch = lambda *_, **__: os._exit(9)
tracker = new_tracker(sys.argv[1])
tracker.start()
tracker.log(run_result(0))
time.sleep(600)
"""


def test_a_run_that_was_made_and_not_filled_when_its_program_was_killed_is_filled_by_sync(
    uri: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED_BEFORE_THE_FIRST_METRIC, uri]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    before = see(uri)
    (empty,) = before.nested.values()
    assert (before.study.info.status, empty.info.status) == ("RUNNING", "RUNNING")
    assert not empty.data.metrics
    assert main(["sync", str(tmp_path / "journal")]) == 0
    seen = see(uri)
    assert seen.nested["wise trial 0"].info.run_id == empty.info.run_id
    assert seen.nested["wise trial 0"].info.status == "FINISHED"
    assert seen.history("wise trial 0", "fold1/val_ua") == [(1, 0.25), (2, 0.5), (3, 0.125)]
    assert seen.study.info.status == "KILLED"  # as it was
    assert log(uri, run_result(0)) == 0
    assert see(uri).study.info.run_id == seen.study.info.run_id
    assert see(uri).study.info.status == "FINISHED"


def test_databases_that_another_program_locks_for_8_s_are_waited_for(
    uri: str, tmp_path: Path
) -> None:
    study = optuna.create_study(storage=open_storage(f"sqlite:///{tmp_path}/optuna.db"))
    tracker = new_tracker(uri)
    tracker.start()
    locks = [
        sqlite3.connect(tmp_path / name, isolation_level=None)
        for name in ("mlflow.db", "optuna.db")
    ]
    for lock in locks:
        lock.execute("BEGIN EXCLUSIVE")
    tracker.log(run_result(0))
    trial = threading.Thread(target=lambda: study.tell(study.ask(), 0.5))
    trial.start()
    time.sleep(8)
    assert trial.is_alive()
    for lock in locks:
        lock.execute("ROLLBACK")
        lock.close()
    trial.join()
    assert study.best_value == 0.5
    assert tracker.finish(timeout_s=100) == 0
    assert sorted(see(uri).nested) == ["wise trial 0"]
