"""One setting trained with several seeds, from the command to its row of the leaderboard."""

import csv
import io
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ser_platform.leaderboard.__main__ import main
from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]

ALIGNMENT = BOTH["study"]["architectures"]["alignment"]


def test_several_seeds_are_runs_of_one_study_and_one_row(
    tmp_path: Path, demo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = Platform(tmp_path)
    platform.write(
        {
            "name": "tiny",
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "split": BOTH["split"],
            "features": ALIGNMENT["features"],
            "model": ALIGNMENT["model"],
            "train": {"epochs": 1, "seed": 7},
        }
    )
    done = platform.run("train", "tiny.yaml", "--seeds", "2")
    assert done.returncode == 0, done.stdout
    assert len(list(tmp_path.rglob("scored.json"))) == 4  # two folds of each

    uri = f"sqlite:///{tmp_path}/.ser/mlflow.db"
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"tiny", "alignment final", "alignment final train.seed=8"}
    assert runs["tiny"].data.tags["ser.winner"] == "alignment final"
    first = runs["alignment final"]
    assert runs["tiny"].data.metrics["test_ua"] == first.data.metrics["test_ua"]
    (model,) = client.search_logged_models([experiment.experiment_id])
    assert model.source_run_id == first.info.run_id

    assert main(["--uri", uri, "--csv", "-"]) == 0
    written = csv.DictReader(io.StringIO(capsys.readouterr().out))
    ranked = [line for line in written if line["kind"] == "ranked"]
    (row,) = ranked
    other = runs["alignment final train.seed=8"]
    assert (row["seeds"], row["run_id"]) == ("2", f"{first.info.run_id} {other.info.run_id}")
    uas = [run.data.metrics["test_ua"] for run in (first, other)]
    assert float(row["ua"]) == pytest.approx(sum(uas) / 2)
