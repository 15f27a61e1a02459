"""A study that is killed again and again, and ends with everything once.

    python -m tests.benchmarks.kills experiments/emodb.yaml --set corpus.root=FOLDER

In a folder of its own the same command is run until it ends. Meanwhile, in turn, the driver, a
training worker and Ray's own server (its GCS) are killed with SIGKILL, each once some more folds
are trained. What it prints at the end is checked, not told: every trial ended once, no fold was
trained twice, nothing is RUNNING in Optuna or MLflow, no process is left.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import optuna
import psutil
from mlflow import MlflowClient
from optuna.trial import TrialState

from ser_platform.config import load_experiment_file
from ser_platform.tune import attributes
from ser_platform.tune.history import own_trials

VICTIMS: tuple[str, ...] = ("driver", "worker", "head", "driver")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    parser.add_argument("--folds", type=int, default=4, help="trained between two kills")
    arguments = parser.parse_args()
    experiment = arguments.experiment.resolve()
    overrides = [each for value in arguments.overrides for each in ("--set", value)]
    with tempfile.TemporaryDirectory(prefix="ser-kills-") as folder:
        started = time.monotonic()
        trained: dict[Path, int] = {}
        victims = list(VICTIMS)
        while not run(Path(folder), experiment, overrides, victims, arguments.folds, trained):
            pass
        file = load_experiment_file(experiment, arguments.overrides)
        print(f"{time.monotonic() - started:.0f} s, not killed: {', '.join(victims) or 'nobody'}")
        return check(Path(folder), file.study.trials)


def run(
    folder: Path,
    experiment: Path,
    overrides: list[str],
    victims: list[str],
    more: int,
    trained: dict[Path, int],
) -> bool:
    """Run the command; kill the next victim whenever so many folds more are trained.

    Returns:
        Whether it ended well.

    Raises:
        SystemExit: when it failed though nobody was killed.
    """
    spared = len(victims)
    with (folder / "output.txt").open("a") as output:
        driver = subprocess.Popen(
            [sys.executable, "-m", "ser_platform.tune", str(experiment), *overrides],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},  # noqa: TID251
        )
        family: set[psutil.Process] = set()
        enough = len(trained) + more
        while driver.poll() is None:
            time.sleep(0.1)
            note(folder, trained)
            family |= children(driver)
            if victims and len(trained) >= enough and kill(victims[0], driver):
                print(f"killed the {victims[0]} with {len(trained)} folds trained", flush=True)
                enough = len(trained) + more
                if victims.pop(0) == "driver":
                    driver.wait()
        note(folder, trained)
    _, alive = psutil.wait_procs(family, timeout=60)
    for process in alive:
        print(f"LEFT: {process}")
    if driver.returncode and len(victims) == spared:
        sys.exit((folder / "output.txt").read_text()[-3_000:])
    return driver.returncode == 0


def note(folder: Path, trained: dict[Path, int]) -> None:
    """Results of folds, and that none is written twice."""
    for path in folder.glob(".ser/store/runs/*/*/trained.json"):
        written = path.stat().st_mtime_ns
        if trained.setdefault(path, written) != written:
            print(f"TRAINED TWICE: {path}")
            trained[path] = written


def children(driver: subprocess.Popen) -> set[psutil.Process]:
    try:
        return set(psutil.Process(driver.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return set()


def kill(victim: str, driver: subprocess.Popen) -> bool:
    """SIGKILL; False when there is no such process yet."""
    if victim == "driver":
        driver.send_signal(signal.SIGKILL)
        return True
    for process in children(driver):
        try:
            name = " ".join(process.cmdline()[:1])
        except psutil.Error:
            continue
        if ("RayTrainWorker" in name) if victim == "worker" else name.endswith("gcs_server"):
            process.kill()
            return True
    return False


def check(folder: Path, wanted: int) -> int:
    """Print what is true of the study in the end; 1 when anything is not as it has to be."""
    storage = f"sqlite:///{folder}/.ser/optuna.db"
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    states = Counter(trial.state.name for trial in own_trials(study))
    running = [trial.number for trial in study.trials if trial.state == TrialState.RUNNING]
    interrupted = study.user_attrs.get(attributes.INTERRUPTED, [])
    client = MlflowClient(f"sqlite:///{folder}/.ser/mlflow.db")
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    roles = Counter(run.data.tags.get("ser.role", "?") for run in runs)
    unfinished = [run.info.run_name for run in runs if run.info.status == "RUNNING"]
    print(f"{name}: {dict(states)}, interrupted and queued again: {interrupted}")
    print(f"MLflow: {dict(roles)}, running: {unfinished}")
    whole = sum(states.values()) == wanted == roles["trial"]
    is_right = whole and not running and not unfinished
    print("every trial once, nothing running" if is_right else "NOT AS IT HAS TO BE")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
