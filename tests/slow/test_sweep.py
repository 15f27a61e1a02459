"""A sweep from the command to the curve; the same command again trains nothing."""

import csv
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_sweep_draws_its_curve_and_goes_on_from_what_is_stored(
    tmp_path: Path, demo_root: Path
) -> None:
    platform = Platform(tmp_path)
    architectures = {
        name: {**{k: v for k, v in own.items() if k != "search"}, "train": {"epochs": 1}}
        for name, own in BOTH["study"]["architectures"].items()
    }
    platform.write(
        {
            **BOTH,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "transcript": {"kind": "corrupted", "wer": 0.0},
            "sweep": {"transcript.wer": [0.0, 0.5]},
            "study": {"architectures": architectures},
        }
    )
    first = platform.run("train", "tiny.yaml")
    assert first.returncode == 0, first.stdout
    assert "sweep  transcript.wer=0.5 (2 of 2), WER 50." in first.stdout
    assert "Synthetic speech: scores mean nothing about people." in first.stdout
    (table,) = tmp_path.glob(".ser/store/sweeps/*/curve.csv")
    assert str(table) in first.stdout
    assert table.with_name("curve.png").read_bytes().startswith(b"\x89PNG")
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["architecture"], float(row["value"])) for row in rows] == [
        ("alignment", 0), ("wise", 0), ("alignment", 0.5), ("wise", 0.5),
    ]  # fmt: skip
    assert [float(row["wer"]) for row in rows] == pytest.approx([0, 0, 0.5, 0.5], abs=0.005)
    is_logged(f"sqlite:///{tmp_path}/.ser/mlflow.db")

    scored = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("scored.json")}
    assert len(scored) == 8
    again = platform.run("train", "tiny.yaml")
    assert again.returncode == 0, again.stdout
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("scored.json")} == scored
    assert table.read_text() == "\n".join(
        [",".join(rows[0]), *(",".join(row.values()) for row in rows), ""]
    )

    refused = platform.run("tune", "tiny.yaml", "--check")
    assert refused.returncode == 2
    assert "the file sweeps transcript.wer" in refused.stdout


def is_logged(uri: str) -> None:
    """Each point as a run of its own, with its error rate; the curve with their parent."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {
        "tiny",
        *(
            f"{name} final transcript.wer={wer}"
            for name in ("wise", "alignment")
            for wer in (0.0, 0.5)
        ),
    }
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    corrupted = runs["wise final transcript.wer=0.5"]
    assert corrupted.data.metrics["transcript/wer"] == pytest.approx(0.5, abs=0.005)
    assert corrupted.data.params["transcript.wer"] == "0.5"
    parent = runs["tiny"].info.run_id
    found = {file.path for file in client.list_artifacts(parent, "sweep")}
    assert found == {"sweep/curve.png", "sweep/curve.csv"}
