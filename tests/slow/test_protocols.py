"""Selections on test, nested folds and second scorings, from the command to the leaderboard."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]

ALIGNMENT = BOTH["study"]["architectures"]["alignment"]

NESTED = """
import logging, sys
from ser_platform.config import load_experiment_file, with_settings
from ser_platform.train.finals import score_runs
from ser_platform.train.given import look
from ser_platform.train.runs import NestedRun, Run
from ser_platform.train.session import open_session

logging.basicConfig(format="%(message)s", level=logging.INFO)
file = load_experiment_file(sys.argv[1], ["protocol=nested"])
with open_session(file, look(file), "tune") as session:
    own = session.file.experiment("alignment")
    prepared = session.prepared["alignment"]
    chosen = {1: {"model.dropout": 0.1}, 2: {"model.dropout": 0.3}}
    runs = {
        n: Run("alignment", with_settings(own, s), s, prepared, 1) for n, s in chosen.items()
    }
    score_runs(session, [NestedRun(own, runs)], scoring=2)
"""
"""What a nested study does once each fold has its setting."""


@pytest.fixture
def platform(tmp_path: Path, demo_root: Path) -> Platform:
    """One architecture on the demo corpus, two folds, two epochs."""
    platform = Platform(tmp_path)
    platform.write(
        {
            **{name: BOTH[name] for name in ("name", "split")},
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            **{name: ALIGNMENT[name] for name in ("features", "model")},
            "train": {"epochs": 3},
            "study": {"trials": 2, "search": ALIGNMENT["search"]},
        }
    )
    return platform


def runs_of(platform: Platform) -> dict[str, Run]:
    client = MlflowClient(f"sqlite:///{platform.folder}/.ser/mlflow.db")
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None
    return {run.info.run_name or "": run for run in client.search_runs([experiment.experiment_id])}


def board_of(platform: Platform) -> tuple[str, list[dict[str, str]]]:
    shown = platform.run("leaderboard", "--csv", "board.csv")
    assert shown.returncode == 0, shown.stdout
    with (platform.folder / "board.csv").open(newline="") as lines:
        return shown.stdout, [row for row in csv.DictReader(lines) if row["kind"] == "ranked"]


def test_a_search_on_test_is_flagged_from_its_first_line_to_the_leaderboard(
    platform: Platform,
) -> None:
    """With a paper's folds, where nothing else could be searched by."""
    settings = ["--set", "protocol=paper", "--set", "selection=best_on_test"]
    done = platform.run("tune", "tiny.yaml", *settings)
    assert done.returncode == 0, done.stdout
    assert "WARNING: selection: best_on_test." in done.stdout
    assert done.stdout.index("WARNING: selection") < done.stdout.index("TEST UA")
    assert "the same training scores UA" in done.stdout

    runs = runs_of(platform)
    assert set(runs) == {
        f"{name} SELECTED ON TEST"
        for name in ("tiny", "alignment trial 0", "alignment trial 1", "alignment final")
    }
    for run in runs.values():
        assert run.data.tags["ser.selected_on_test"] == "true"
        assert run.data.tags["mlflow.note.content"].startswith("Selected on the test part")
        assert not any("val_" in name for name in run.data.metrics)
    metrics = runs["alignment final SELECTED ON TEST"].data.metrics
    gap = metrics["test_ua"] - metrics["test_ua_honest"]
    assert metrics["selection_gap_ua"] == pytest.approx(gap)
    trials = [run for name, run in runs.items() if "trial" in name]
    best = max(trial.data.metrics["test_ua_mean"] for trial in trials)
    assert metrics["test_ua_mean"] == best  # the trial that test preferred is the final
    for path in platform.folder.rglob("scored.json"):
        fold = json.loads(path.read_text())["content"]
        assert (fold["honest_epoch"], fold["validation"]) == (3, None)
        assert fold["best_epoch"] in (1, 2, 3)

    shown, (row,) = board_of(platform)
    assert "Selected on the test part" in shown
    assert "alignment !TEST" in shown
    assert float(row["gap_ua"]) == pytest.approx(gap)
    assert json.loads(row["protocol"])["selected_on"] == "test"


def test_a_nested_search_selects_for_each_test_part_without_it(platform: Platform) -> None:
    done = platform.run("tune", "tiny.yaml", "--set", "protocol=nested")
    assert done.returncode == 0, done.stdout
    storage = f"sqlite:///{platform.folder}/.ser/optuna.db"
    studies = sorted(optuna.get_all_study_names(storage))
    assert [name.rpartition("-")[2] for name in studies] == ["fold1", "fold2"]
    for number, name in enumerate(studies, 1):
        found = optuna.load_study(study_name=name, storage=storage)
        assert found.user_attrs["test_fold"] == number
        assert [len(trial.user_attrs["folds"]) for trial in found.trials] == [1, 1]
    runs = runs_of(platform)
    assert {name for name in runs if "trial" in name} == {
        f"alignment trial {fold}/{number}" for fold in (1, 2) for number in (0, 1)
    }
    final = runs["alignment final nested"]
    for number, name in enumerate(studies, 1):
        best = optuna.load_study(study_name=name, storage=storage).best_trial
        assert float(final.data.params[f"fold{number}.model.dropout"]) == pytest.approx(
            best.params["model.dropout"]
        )
    assert final.data.tags["ser.scoring"] == "1"


def test_folds_of_several_settings_are_one_result_without_a_model(platform: Platform) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NESTED, "tiny.yaml"],
        cwd=platform.folder, env=platform.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no model of alignment: with protocol nested each fold has settings of" in done.stderr
    run = runs_of(platform)["alignment final nested"]
    assert {k: v for k, v in run.data.params.items() if "dropout" in k} == {
        "fold1.model.dropout": "0.1",
        "fold2.model.dropout": "0.3",
    }
    assert run.data.tags["ser.scoring"] == "2"
    assert "The second selection of this study" in run.data.tags["mlflow.note.content"]
    assert len({path.parents[1].name for path in platform.folder.rglob("scored.json")}) == 2
    shown, (row,) = board_of(platform)
    assert "selection nested" in shown
    assert "alignment (2)" in shown
    assert (row["scoring"], row["selected_on_test"]) == ("2", "false")
