"""A search on a real Ray: what it tries, cuts short, refuses, and goes on with."""

import json
import signal
import subprocess
import time
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from optuna.trial import FrozenTrial, TrialState

from tests.slow.platform import Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FOLDS = 4
SETTINGS = {
    "name": "search",
    "corpus": {"kind": "demo", "size": "small"},
    "split": {"by": "kfold", "folds": FOLDS},
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment", "heads": 2, "weights": 16},
    "train": {"epochs": 20, "learning_rate": 1e-2, "batch_size": 8},
    "study": {
        "trials": 3,
        "sampler": {"kind": "random"},
        "pruner": {"kind": "wilcoxon", "startup_folds": 2},
        "papers_first": False,
        "search": {"train.learning_rate": {"log_uniform": [1e-8, 1e-1]}},
        # Far too slow to learn anything: chance on every fold.
        "enqueue": [{"train.learning_rate": 1e-8}, {"train.learning_rate": 2e-8}],
    },
}
"""The file's own rate learns, those after it do not."""


def trials(platform: Platform, name: str = "") -> list[FrozenTrial]:
    storage = f"sqlite:///{platform.folder}/.ser/optuna.db"
    names = [n for n in optuna.get_all_study_names(storage) if name in n]
    return optuna.load_study(study_name=names[-1], storage=storage).trials


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, demo_root: Path) -> Platform:
    platform = Platform(tmp_path_factory.mktemp("search"))
    corpus = {**SETTINGS["corpus"], "root": str(demo_root)}
    platform.write({**SETTINGS, "corpus": corpus}, "search.yaml")
    return platform


@pytest.fixture(scope="module")
def searched(platform: Platform) -> subprocess.CompletedProcess[str]:
    """The search alone: test is left out."""
    return platform.run("tune", "search.yaml", "--search-only", "--set", "cluster.groups=1")


def test_a_hopeless_setting_stops_after_two_folds(
    searched: subprocess.CompletedProcess[str], platform: Platform
) -> None:
    assert searched.returncode == 0, searched.stdout
    found = trials(platform)
    assert [t.state.name for t in found] == ["COMPLETE", "PRUNED", "PRUNED"]
    assert [len(t.user_attrs["folds"]) for t in found] == [FOLDS, 2, 2]
    assert "pruned after 2 of 4 folds: wilcoxon: worse than the best" in searched.stdout
    for trial in found:
        stored = platform.folder.glob(f".ser/store/runs/{trial.user_attrs['run_key']}/*/trained*")
        assert len(list(stored)) == len(trial.user_attrs["folds"])


def test_a_search_alone_scores_nothing_on_test_and_draws_its_page(
    searched: subprocess.CompletedProcess[str], platform: Platform
) -> None:
    assert not list(platform.folder.rglob("scored.json"))
    (page,) = platform.folder.glob(".ser/studies/*/study.html")
    assert str(page.relative_to(platform.folder)) in searched.stdout


def test_the_same_command_without_it_scores_what_was_selected(
    searched: subprocess.CompletedProcess[str], platform: Platform
) -> None:
    done = platform.run("tune", "search.yaml", "--set", "cluster.groups=1")
    assert done.returncode == 0, done.stdout
    assert "0 of 3 trials to run" in done.stdout
    assert len(list(platform.folder.rglob("scored.json"))) == FOLDS
    client = MlflowClient(f"sqlite:///{platform.folder}/.ser/mlflow.db")
    runs = client.search_runs(["1"])
    states = sorted(r.data.tags["ser.state"] for r in runs if r.data.tags["ser.role"] == "trial")
    assert states == ["complete", "pruned", "pruned"]
    (study,) = [r for r in runs if r.data.tags["ser.role"] == "study"]
    assert study.data.metrics["trials_pruned"] == 2
    assert study.data.metrics["trials_failed"] == 0
    pages = {f.path for f in client.list_artifacts(study.info.run_id, "study")}
    assert "study/study.html" in pages


def test_a_changed_space_is_refused_before_anything_starts(
    searched: subprocess.CompletedProcess[str], platform: Platform
) -> None:
    done = platform.run("tune", "search.yaml", "--set", "study.seed=5")
    assert done.returncode == 1
    assert "study.seed: 0 -> 5" in done.stdout
    assert "ray: started" not in done.stdout


def test_a_study_refuses_a_second_process_and_stops_when_it_is_asked_to(
    searched: subprocess.CompletedProcess[str], platform: Platform
) -> None:
    longer = ["--set", "name=long", "--set", "train.epochs=400", "--set", "cluster.groups=1"]
    running = platform.start("tune", "search.yaml", "--search-only", *longer)
    wait_for_a_fold(platform, running)
    second = platform.run("tune", "search.yaml", "--search-only", *longer)
    assert second.returncode == 1, second.stdout
    assert f"error: study long is run by process {running.pid} on " in second.stdout
    stopped = platform.run("tune", "stop", "search.yaml", *longer)
    assert stopped.returncode == 0, stopped.stdout
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 1, output
    assert "stopped, as it was asked to" in output
    found = trials(platform, "long")
    assert TrialState.RUNNING not in [t.state for t in found]
    status = platform.run("tune", "status", "search.yaml", *longer, "--json")
    (told,) = json.loads(status.stdout)["studies"]
    assert told["trials"]["running"] == 0


def wait_for_a_fold(platform: Platform, running: subprocess.Popen[str]) -> None:
    """Until the study called long trains."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and running.poll() is None:
        if list(platform.folder.rglob("progress.st")):
            return
        time.sleep(0.2)
    running.send_signal(signal.SIGKILL)
    raise AssertionError(running.communicate()[0])
