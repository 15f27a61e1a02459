"""Commands whose trials fail and which are ended by signals, or killed with all that is theirs.

The same command goes on from what is stored and repeats nothing. Faults strike where they are told
to (tests/injection); a worker that hangs holds a study still for as long as a test looks at it.
"""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import psutil
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.trial import TrialState

from ser_platform.results import Epoch
from ser_platform.storage import open_store
from ser_platform.train.checkpoint import load_progress
from ser_platform.train.stored import FoldKeys, read_result
from ser_platform.tune import attributes
from ser_platform.tune.history import own_trials
from tests.slow.platform import ALONE, BOTH, Platform

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1800)]

RATE = "train.learning_rate"
HELD, KILLED, STARVED, HEALTHY, DIVERGING = 0.001, 0.002, 0.003, 0.004, 1e40
ONE = {
    **ALONE,
    "cluster": {"max_failures": 2},
    "study": {
        "trials": 5,
        "sampler": {"kind": "grid"},
        "search": {RATE: {"choice": [HELD, KILLED, STARVED, HEALTHY, DIVERGING]}},
    },
}


@pytest.fixture
def platform(tmp_path: Path, demo_root: Path) -> Iterator[Platform]:
    """An experiment file, and a Ray whose files can be taken away.

    Their folder has a short name: a socket's path has at most 107 letters.
    """
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as ray:
        platform = Platform(tmp_path, {"RAY_TMPDIR": ray})
        platform.write({**ONE, "corpus": {**BOTH["corpus"], "root": str(demo_root)}})
        yield platform


def test_trials_that_fail_leave_others_alone_and_a_study_outlives_sigterm_and_the_kill_of_all(
    platform: Platform,
) -> None:
    database = platform.folder / ".ser" / "optuna.db"
    faults = f"hang@{at(HELD)} kill@{at(KILLED)}*9 memory@{at(STARVED)}"
    running = platform.start("tune", "tiny.yaml", faults=faults)
    wait(running, lambda: marks(platform, "hang") and ended(database) == 4)
    stop(running, signal.SIGTERM, 143, "terminated")
    assert marks(platform, "kill") == 3  # the first time and two more
    found = by_rate(platform)
    assert {rate: trials[-1].state.name for rate, trials in found.items()} == {
        HELD: "WAITING",  # to be drawn again
        KILLED: "FAIL",
        STARVED: "FAIL",
        HEALTHY: "COMPLETE",
        DIVERGING: "FAIL",
    }
    reasons = {r: t[-1].user_attrs.get(attributes.REASON) for r, t in found.items()}
    key = {rate: trials[0].user_attrs[attributes.RUN_KEY] for rate, trials in found.items()}
    assert reasons[KILLED] == (
        f"fold 1 of run {key[KILLED]} lost its workers 3 times; the last time: its process was "
        "killed"
    )
    assert reasons[STARVED] == (
        f"out of memory: fold 1 of run {key[STARVED]}: MemoryError: Unable to allocate 8.00 "
        "TiB for an array with shape (1099511627776,) and data type float64; lower "
        "train.batch_size (now 32), or give its workers more memory"
    )
    assert re.fullmatch(
        r"non-finite loss: fold 1, epoch 1(, step 2 of \d+)?: the .+ (is|are) .+; "
        r"lower train.learning_rate \(now 1e\+40\) or train.clip_norm \(now 5\)",
        str(reasons[DIVERGING]),
    )
    assert [run.info.status for run in runs(platform, "study")] == ["KILLED"]
    first = epochs(platform, key[HELD], 1)
    assert len(first) == 1

    shutil.rmtree(platform.marks)
    running = platform.start("tune", "tiny.yaml", faults=f"hang@{at(HELD)}")
    wait(running, lambda: marks(platform, "hang"))
    everything = [psutil.Process(running.pid), *children(running)]
    for process in everything:
        process.kill()
    running.communicate()
    assert not psutil.wait_procs(everything, timeout=30)[1]
    shutil.rmtree(platform.environment["RAY_TMPDIR"])
    before = written(platform, "trained.json")
    for run in runs(platform, "trial"):
        if run.data.params[RATE] == str(STARVED):  # as if it had died before this was logged
            client(platform).delete_run(run.info.run_id)

    again = platform.run("tune", "tiny.yaml")
    assert again.returncode == 0, again.stdout
    assert "1 of 5 trials to run" in again.stdout
    assert f"taken over from process {running.pid} on " in again.stdout
    (lease,) = platform.folder.glob(".ser/store/leases/*.json")
    claim = json.loads(lease.read_text())["content"]
    assert (claim["fence"], claim["released"]) == (3, True)
    assert {path: written(platform, "trained.json")[path] for path in before} == before
    assert epochs(platform, key[HELD], 1)[:1] == first  # to its seconds: not done again
    study = load(platform)
    assert Counter(trial.state.name for trial in own_trials(study)) == {"COMPLETE": 2, "FAIL": 3}
    assert TrialState.RUNNING not in [trial.state for trial in study.trials]
    assert len(study.user_attrs[attributes.INTERRUPTED]) == 2
    assert "RUNNING" not in {run.info.status for run in runs(platform)}
    logged = {run.data.params[RATE]: run for run in runs(platform, "trial")}
    assert len(logged) == len(runs(platform, "trial")) == 5
    for rate in (KILLED, STARVED, DIVERGING):
        run = logged[str(rate)]
        assert (run.info.status, run.data.tags["ser.reason"]) == ("FAILED", reasons[rate])


def test_ctrl_c_ends_a_training_with_130_and_it_goes_on_with_nothing_but_the_store(
    platform: Platform,
) -> None:
    running = platform.start("train", "tiny.yaml", faults="hang@fold2:epoch3")
    # A fold is done as well; on a busy machine the first one may be behind the second.
    wait(running, lambda: marks(platform, "hang") and written(platform, "weights.st"))
    stop(running, signal.SIGINT, 130, "interrupted")
    (run_key,) = {path.parents[1].name for path in written(platform, "weights.st")}
    stored = epochs(platform, run_key, 2)
    assert len(stored) == 2
    # Moved before it is read: MLflow keeps a database open that it has once read.
    shutil.move(platform.folder / ".ser" / "mlflow.db", platform.folder / "ended.db")
    assert [run.info.status for run in runs(platform, database="ended.db")] == ["KILLED"]
    shutil.rmtree(platform.environment["RAY_TMPDIR"])
    shutil.rmtree(platform.folder / ".ser" / "mlartifacts")
    before = written(platform, "trained.json")

    again = platform.run("train", "tiny.yaml")
    assert again.returncode == 0, again.stdout
    assert {path: written(platform, "trained.json")[path] for path in before} == before
    ended = epochs(platform, run_key, 2)
    assert (len(ended), ended[:2]) == (3, stored)
    assert {run.info.status for run in runs(platform)} == {"FINISHED"}


def at(rate: float) -> str:
    return f"epoch2:{RATE}={rate}"


def wait(running: subprocess.Popen[str], true: Callable[[], object]) -> None:
    """Until something is true of what a command leaves behind."""
    while not true():
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.1)


def stop(running: subprocess.Popen[str], number: signal.Signals, code: int, word: str) -> None:
    """Send a signal as a shell does, or a batch system; nothing may be left of the command."""
    family = children(running)
    if number == signal.SIGINT:
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    output, _ = running.communicate()
    assert (running.returncode, output.splitlines()[-1]) == (code, word), output
    assert not psutil.wait_procs(family, timeout=60)[1]


def children(running: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(running.pid).children(recursive=True)


def marks(platform: Platform, action: str) -> int:
    return len(list(platform.marks.glob(f"{action}-*")))


def ended(database: Path) -> int:
    """How many trials a study has ended; read so that it disturbs nobody."""
    if not database.is_file():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            query = "SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'FAIL')"
            return connection.execute(query).fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def load(platform: Platform) -> optuna.Study:
    storage = f"sqlite:///{platform.folder}/.ser/optuna.db"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def by_rate(platform: Platform) -> dict[float, list[optuna.trial.FrozenTrial]]:
    found: dict[float, list[optuna.trial.FrozenTrial]] = {}
    for trial in load(platform).trials:
        point = trial.params or trial.system_attrs["fixed_params"]
        found.setdefault(point[RATE], []).append(trial)
    return found


def runs(platform: Platform, role: str = "", database: str = ".ser/mlflow.db") -> list[Run]:
    mlflow = client(platform, database)
    experiment = mlflow.get_experiment_by_name("ser_platform")
    assert experiment is not None
    found = mlflow.search_runs([experiment.experiment_id])
    return [run for run in found if role in ("", run.data.tags["ser.role"])]


def client(platform: Platform, database: str = ".ser/mlflow.db") -> MlflowClient:
    return MlflowClient(f"sqlite:///{platform.folder}/{database}")


def epochs(platform: Platform, run_key: str, fold: int) -> list[Epoch]:
    """Of a fold, as stored, trained or on its way."""
    store, keys = open_store(str(platform.folder / ".ser" / "store")), FoldKeys(run_key, fold)
    result = read_result(store, keys.trained)
    return list(result.epochs) if result else load_progress(store, keys.progress).epochs


def written(platform: Platform, name: str) -> dict[Path, int]:
    """When each file of that name was written last."""
    return {path: path.stat().st_mtime_ns for path in platform.folder.rglob(name)}
