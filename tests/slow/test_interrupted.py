"""A study whose driver is killed goes on with the same command and repeats nothing."""

import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import optuna
import psutil
import pytest
from optuna.trial import TrialState

from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_killed_study_continues_and_ends_with_every_trial_once(
    tmp_path: Path, demo_root: Path
) -> None:
    platform = Platform(tmp_path)
    study = {**BOTH["study"], "trials": 3}
    corpus = {**BOTH["corpus"], "root": str(demo_root)}
    platform.write({**BOTH, "study": study, "corpus": corpus})
    running = platform.start("tune", "tiny.yaml", "--set", "cluster.groups=1")
    wait_for_a_complete_trial(running, tmp_path / ".ser" / "optuna.db")
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    results = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("trained.json")}

    again = platform.run("tune", "tiny.yaml", "--set", "cluster.groups=1")
    assert again.returncode == 0, again.stdout
    assert "2 of 3 trials to run" in again.stdout
    assert {p: p.stat().st_mtime_ns for p in results} == results
    (name,) = optuna.get_all_study_names(f"sqlite:///{tmp_path}/.ser/optuna.db")
    found = optuna.load_study(study_name=name, storage=f"sqlite:///{tmp_path}/.ser/optuna.db")
    states = [trial.state for trial in found.trials]
    assert states.count(TrialState.COMPLETE) == 3
    assert TrialState.RUNNING not in states
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def wait_for_a_complete_trial(running: subprocess.Popen[str], database: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.1)
        if database.is_file():
            try:
                with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                    query = "SELECT count(*) FROM trials WHERE state = 'COMPLETE'"
                    if connection.execute(query).fetchone()[0]:
                        return
            except sqlite3.OperationalError:
                continue
    running.kill()
    raise AssertionError(f"no trial completed:\n{running.communicate()[0]}")
