"""A study on a cluster that grows for it from nothing, loses a node, and shrinks to nothing.

Two types of nodes, as in cluster/: cheap ones that may be taken away, and one that stays.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from ser_platform.results import Epoch
from ser_platform.storage import open_store
from ser_platform.train.checkpoint import load_progress
from ser_platform.train.stored import FoldKeys, read_result
from ser_platform.tune import attributes
from tests.growing import Growing, growing_head
from tests.ray_head import ROOT
from tests.slow.platform import ALONE, BOTH, Platform
from tests.timeline import draw

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(600)]

RATES = [0.001, 0.002, 0.003, 0.004]
TYPES = {
    "spot": {"resources": {"CPU": 1}, "max_workers": 2, "priority": 10},
    "ondemand": {"resources": {"CPU": 1}, "max_workers": 1, "priority": 0},
}


@pytest.fixture
def platform(tmp_path: Path, demo_root: Path) -> Platform:
    """A study of four trials."""
    platform = Platform(tmp_path)
    platform.write(
        {
            **ALONE,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "study": {
                "trials": 4,
                "sampler": {"kind": "grid"},
                "search": {"train.learning_rate": {"choice": RATES}},
                "storage": f"sqlite:///{tmp_path}/optuna.db",
            },
            "store": str(tmp_path / "store"),
            "tracking": {
                "uri": f"sqlite:///{tmp_path}/mlflow.db",
                "journal": str(tmp_path / "journal"),
            },
        }
    )
    return platform


@pytest.fixture
def cluster(platform: Platform) -> Iterator[Growing]:
    """Folds wait at their second epoch, three of them."""
    variables = {
        "SER_FAULTS": "wait@epoch2*3",
        "SER_MARKS": str(platform.marks),
        "PYTHONPATH": str(ROOT),
    }
    with growing_head(TYPES, variables) as cluster:
        yield cluster


def test_a_study_grows_its_cluster_from_nothing_outlives_a_preemption_and_leaves_nothing(
    cluster: Growing, platform: Platform
) -> None:
    assert cluster.nodes() == {}
    file = str(platform.folder / "tiny.yaml")
    submitted = cluster.head.job(
        # No working folder: nodes of one machine share Ray's, where each unpacks and deletes it.
        *("submit", "--no-wait", "--submission-id", "study"),
        *("--", "python", "-m", "tests.injection", "tune", file),
    )
    assert submitted.returncode == 0, submitted.stdout

    until(cluster, lambda: len(struck(platform)) == 3)
    nodes = cluster.nodes()
    assert Counter(nodes.values()) == {"spot": 2, "ondemand": 1}
    # The cheap ones first: the one that stays is for what they cannot hold.
    first = next(types for _, types in cluster.history if types)
    assert set(first) <= {"spot"}

    stored = first_epochs(platform)
    assert len(stored) == 3
    lost = next(node for node, kind in nodes.items() if kind == "spot")
    cluster.preempt(lost)
    until(cluster, lambda: lost not in cluster.nodes())
    for mark in struck(platform):
        mark.with_name(f"over {mark.name}").touch()

    until(cluster, lambda: status(cluster) in ("SUCCEEDED", "FAILED", "STOPPED"))
    log = cluster.head.job("logs", "study").stdout
    assert status(cluster) == "SUCCEEDED", log
    assert "waiting for the cluster to grow" in log
    study = load(platform)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 4
    # To its seconds: not trained again, neither where the node was lost nor elsewhere.
    assert {key: first_epochs(platform)[key] for key in stored} == stored
    until(cluster, lambda: cluster.nodes() == {} and not cluster.history[-1][1])
    pictures = Path(os.environ.get("SER_SCREENSHOTS", platform.folder))  # noqa: TID251  # as pages
    pictures.mkdir(exist_ok=True)
    draw(list(cluster.history), study.trials, len(RATES), pictures / "autoscaling.png")


def struck(platform: Platform) -> list[Path]:
    return sorted(platform.marks.glob("wait-*"))


def until(cluster: Growing, true: Callable[[], object], timeout_s: float = 240) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(cluster.head.job("logs", "study").stdout)
        time.sleep(0.5)


def status(cluster: Growing) -> str:
    return cluster.head.read("/api/jobs/study")["status"]


def load(platform: Platform) -> optuna.Study:
    storage = f"sqlite:///{platform.folder}/optuna.db"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def first_epochs(platform: Platform) -> dict[str, Epoch]:
    """Run key -> the first epoch of its first fold, of those that have stored one."""
    store = open_store(str(platform.folder / "store"))
    found = {}
    for trial in load(platform).trials:
        key = trial.user_attrs.get(attributes.RUN_KEY)
        if key is None:  # it waits
            continue
        keys = FoldKeys(key, 1)
        result = read_result(store, keys.trained)
        if result is not None:
            found[key] = result.epochs[0]
        elif store.exists(keys.progress):
            found[key] = load_progress(store, keys.progress).epochs[0]
    return found
