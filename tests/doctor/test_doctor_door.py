"""``python -m ser_platform.doctor`` as a person, and a program, sees it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ser_platform.doctor.__main__ import main
from tests.ray_head import ray_head
from tests.servers import free_port

YAML = """
name: x
corpus: {{kind: iemocap, root: {root}}}
features: {{kind: mfcc39}}
model: {{kind: wise}}
store: {root}/store
tracking: {{uri: "{uri}"}}
study: {{storage: "sqlite:///{root}/optuna.db"}}
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    file = tmp_path / "x.yaml"
    uri = f"http://127.0.0.1:{free_port()}"
    file.write_text(YAML.format(root=tmp_path, uri=uri))
    return file


def test_what_is_wrong_stands_in_its_line_and_ends_with_1(
    experiment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(experiment), "--quick"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith("failed")]
    assert lines[at].startswith("failed   mlflow     http://127.0.0.1:")
    assert lines[at + 1].strip() == "start it; a study runs without it and logs later"
    assert lines[-1].startswith("1 failed, ")


def test_word_vectors_that_are_not_there_are_told(
    experiment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = "embedding={kind: file, path: /nowhere/glove.txt}"
    assert main([str(experiment), "--quick", "--set", given]) == 1
    assert "embedding.path: no file /nowhere/glove.txt" in capsys.readouterr().out


def test_a_program_reads_json(experiment: Path, capsys: pytest.CaptureFixture[str]) -> None:
    well = f"tracking.uri=sqlite:///{experiment.parent}/mlflow.db"
    assert main([str(experiment), "--quick", "--json", "--set", well]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    states = {found["check"]: found["state"] for found in report["findings"]}
    assert states.keys() == {
        *("packages", "gpu", "memory", "disk", "front end", "corpus", "embedding"),
        *("store", "clock", "mlflow", "optuna", "upload", "ray"),
    }
    assert states["ray"] == "skipped"


def test_the_disk_is_looked_at_that_frames_are_laid_onto(
    experiment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scratch = f"{experiment.parent}/scratch"
    main([str(experiment), "--quick", "--json", "--set", f"cluster.scratch={scratch}"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    says = f"GB free for frames that memory does not hold ({scratch})"
    assert [f["says"].endswith(says) for f in findings if f["check"] == "disk"].count(True) == 1


def test_a_setting_without_its_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--set", "store=x"]) == 2
    assert capsys.readouterr().err == (
        "error: --set replaces a setting of an experiment file: name one before it\n"
    )


@pytest.mark.slow
def test_ray_starts_runs_a_task_and_ends(experiment: Path) -> None:
    """In a process of its own: one that met Ray's token keeps to it, whatever is set later.

    Another Ray of that process, without tokens, then counts every actor as given up.
    """
    command = [sys.executable, "-m", "ser_platform.doctor", str(experiment), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    (ray,) = [f for f in json.loads(done.stdout)["findings"] if f["check"] == "ray"]
    assert ray["state"] == "ok", ray
    assert ray["says"].startswith("starts on this machine: 1 node(s), ")


@pytest.mark.slow
def test_a_head_that_trains_nothing_is_asked_for_nothing_it_lacks(experiment: Path) -> None:
    command = [sys.executable, "-m", "ser_platform.doctor", str(experiment), "--json"]
    with ray_head({}, ["--num-cpus=0"]) as head:
        told = {**head.environment, "RAY_ADDRESS": head.address}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=100, check=False, env=told
        )
    (ray,) = [f for f in json.loads(done.stdout)["findings"] if f["check"] == "ray"]
    assert ray["state"] == "warning", ray
    assert ray["says"] == (
        "joined: 1 node(s), 0 CPU and 0 GPU; 0 of 1 worker group(s) fit, and no autoscaler runs"
    )
