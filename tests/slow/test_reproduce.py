"""Rows of the papers' tables on another corpus; the same command again trains nothing."""

import json
import time
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from tests.slow.platform import ROOT, Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]

PAPERS = ROOT / "experiments" / "papers"
ROWS = ("xu-t1-text-asr", "xu-t2-text", "xu-t2-alignment")


def test_rows_are_run_once_compared_and_written_whatever_ends_the_command(
    tmp_path: Path, demo_root: Path
) -> None:
    platform = Platform(tmp_path)
    platform.write(
        {
            "name": "demo",
            "corpus": {"kind": "demo", "size": "small", "root": str(demo_root)},
            "split": {"by": "kfold", "folds": 2},
            "embedding": {"kind": "glove50"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "wise"},
        },
        "demo.yaml",
    )
    arguments = [str(PAPERS), "--corpus", "demo.yaml", "--set", "train.epochs=1"]
    arguments += ["--only", *ROWS, "--markdown", "out/tables.md", "--latex", "out/tables.tex"]
    is_ended_by_sigterm_in_its_last_row(platform, arguments)
    first = platform.run("reproduce", *arguments)
    assert first.returncode == 0, first.stdout
    assert "row    xu-t1-text-asr (1 of 3) left out: it reads recognised words" in first.stdout
    assert "row    xu-t2-alignment (3 of 3) WA " in first.stdout
    assert "Synthetic speech: scores mean nothing about people." in first.stdout
    assert "Printed figures are of IEMOCAP, ours of demo: they cannot be compared." in first.stdout
    (record,) = tmp_path.glob(".ser/store/reproductions/*/reproduction.json")
    assert str(record) in first.stdout
    rows = {row["printed"]["name"]: row for row in json.loads(record.read_text())["rows"]}
    assert [rows[name]["state"] for name in ROWS] == ["left out", "done", "done"]
    text = rows["xu-t2-text"]
    assert text["difference"] is None
    assert 0 < text["against_proposed"]["holm"]["ua"] <= 1
    assert {text["place"], rows["xu-t2-alignment"]["place"]} <= {1, 2}
    markdown, latex = (tmp_path / "out" / f"tables.{ending}" for ending in ("md", "tex"))
    assert markdown.read_text().count("| another corpus |") == 2
    assert r"\toprule" in latex.read_text()
    is_logged(f"sqlite:///{tmp_path}/.ser/mlflow.db")

    scored = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("scored.json")}
    assert len(scored) == 4
    before = markdown.read_bytes()
    markdown.unlink()
    again = platform.run("reproduce", *arguments)
    assert again.returncode == 0, again.stdout
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("scored.json")} == scored
    assert markdown.read_bytes() == before


def is_ended_by_sigterm_in_its_last_row(platform: Platform, arguments: list[str]) -> None:
    """What is done is written, and the command ends with 143."""
    running = platform.start("reproduce", *arguments, faults="hang@epoch1:model.kind=alignment")
    while not list(platform.marks.glob("hang-*")):
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.1)
    family = psutil.Process(running.pid).children(recursive=True)
    running.terminate()
    output, _ = running.communicate()
    assert (running.returncode, output.splitlines()[-1]) == (143, "terminated"), output
    assert "not run: xu-t2-alignment: the same command goes on with them" in output
    assert "| not run |" in (platform.folder / "out" / "tables.md").read_text()
    assert not psutil.wait_procs(family, timeout=60)[1]


def is_logged(uri: str) -> None:
    """Each row is a final under one run, which has the tables."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("ser_platform")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if run.data.tags["ser.role"] == "study"]
    finals = [run for run in runs if run.data.tags["ser.role"] == "final"]
    assert len(finals) == 2
    assert {run.data.tags["mlflow.parentRunId"] for run in finals} == {parent.info.run_id}
    found = {file.path for file in client.list_artifacts(parent.info.run_id, "reproduction")}
    assert found == {f"reproduction/reproduction.{ending}" for ending in ("md", "tex", "json")}
