"""A study submitted from a laptop: what it takes along, how it is stopped, how it goes on.

That a failing study fails its job, and that nobody submits without the token: test_main_job.py.
"""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.tune.history import own_trials
from tests.ray_head import ROOT, RayHead, ray_head
from tests.slow.platform import ALONE, BOTH, Platform

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture
def laptop(tmp_path: Path, demo_root: Path) -> Platform:
    """The project as somebody has it, with an experiment of his own and a recording."""
    platform = Platform(tmp_path / "laptop")
    shutil.copytree(ROOT / "ser_platform", platform.folder / "ser_platform")
    for name in (".rayignore", ".gitignore"):
        shutil.copy(ROOT / name, platform.folder)
    (platform.folder / "recording.wav").write_bytes(b"x" * 1_000_000)
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    platform.write(
        {
            **ALONE,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "study": {
                "trials": 2,
                "sampler": {"kind": "grid"},
                "search": {"train.learning_rate": {"choice": [0.001, 0.002]}},
                "storage": f"sqlite:///{cluster}/optuna.db",
            },
            "store": f"{cluster}/store",
            "tracking": {"uri": f"sqlite:///{cluster}/mlflow.db", "journal": f"{cluster}/journal"},
        }
    )
    return platform


@pytest.fixture
def head(laptop: Platform) -> Iterator[RayHead]:
    """Its jobs meet a fold that hangs: in the second epoch of the first trial's second fold."""
    faults = {"SER_FAULTS": "hang@fold2:epoch2", "SER_MARKS": str(laptop.marks)}
    with ray_head({**faults, "PYTHONPATH": str(ROOT)}) as head:  # for tests.injection
        yield head


def test_a_study_is_submitted_stopped_and_submitted_again(head: RayHead, laptop: Platform) -> None:
    code = "import os, ser_platform; print(ser_platform.__file__, sorted(os.listdir('.')))"
    seen = submit(head, laptop, "look", "python", "-c", code)
    assert "working_dir_files" in seen
    assert "'ser_platform', 'tiny.yaml'" in seen
    assert "recording.wav" not in seen

    study = ("python", "-m", "tests.injection", "tune", "tiny.yaml")
    submit(head, laptop, "first", *study, follow=False)
    until(head, "first", lambda: list(laptop.marks.glob("hang-*")))
    stopped = head.job("stop", "first")
    assert stopped.returncode == 0, stopped.stdout
    log = head.job("logs", "first").stdout
    assert status(head, "first") == "STOPPED", log
    assert "trial 0" in log  # what was going on stands in the log of the job
    deadline = time.monotonic() + 60
    while left := living_actors(head):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)
    assert log.splitlines()[-1] == "terminated"  # in order, within the time that Ray gives

    again = submit(head, laptop, "second", *study)
    assert status(head, "second") == "SUCCEEDED", again
    assert "1 of 2 trials to run" in again or "2 of 2 trials to run" in again
    assert Counter(t.state.name for t in own_trials(load(laptop))) == {"COMPLETE": 2}
    assert {run.info.status for run in logged(laptop)} == {"FINISHED"}
    assert not list(laptop.folder.rglob(".ser"))  # nothing was run here


def submit(
    head: RayHead, laptop: Platform, name: str, *entrypoint: str, follow: bool = True
) -> str:
    """``ray job submit`` in the laptop's folder; what it printed."""
    done = head.job(
        *("submit", "--submission-id", name, "--working-dir", str(laptop.folder)),
        *(() if follow else ("--no-wait",)),
        *("--", *entrypoint),
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def until(head: RayHead, name: str, true: Callable[[], object], timeout_s: float = 240) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(head.job("logs", name).stdout)
        time.sleep(0.5)


def status(head: RayHead, name: str) -> str:
    return head.read(f"/api/jobs/{name}")["status"]


def living_actors(head: RayHead) -> list[str]:
    """Those of jobs; of Ray's own one stays for as long as the cluster, to ask for nodes."""
    found = head.read("/api/v0/actors?detail=1&limit=1000")["data"]["result"]["result"]
    ours = [actor for actor in found if actor["class_name"] != "_AutoscalingCoordinatorActor"]
    return [f"{a['class_name']} {a['state']}" for a in ours if a["state"] != "DEAD"]


def load(laptop: Platform) -> optuna.Study:
    storage = f"sqlite:///{laptop.folder.parent}/cluster/optuna.db"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def logged(laptop: Platform) -> list[Run]:
    client = MlflowClient(f"sqlite:///{laptop.folder.parent}/cluster/mlflow.db")
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))
