"""PostgreSQL, S3, MLflow and a Ray cluster of two nodes together, as a person tries them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import postgres
from tests.ray_head import ROOT
from tests.slow.platform import BOTH, Platform

pytestmark = [
    pytest.mark.slow,
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(postgres.why_not()), reason=postgres.why_not() or "none"),
]


@pytest.fixture
def experiment(demo_root: Path) -> Iterator[str]:
    """A study of both architectures, in the project's folder as a job takes it along."""
    folder = ROOT / "experiments" / "stack-of-a-test"
    folder.mkdir()
    try:
        settings = {**BOTH, "corpus": {**BOTH["corpus"], "root": str(demo_root)}}
        Platform(folder).write({**settings, "cluster": {"groups": 2}}, "tiny.yaml")
        yield str((folder / "tiny.yaml").relative_to(ROOT))
    finally:
        shutil.rmtree(folder)


def test_the_whole_stack_runs_a_study_and_leaves_nothing(experiment: str) -> None:
    command = [sys.executable, "-m", "tests.stack", experiment, "--set", "study.trials=3"]
    before = set(psutil.pids())
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 of 3 trials to run, 2 worker group(s)" in done.stdout
    said = [line for line in done.stdout.splitlines() if line.startswith("stack: ")]
    assert "stack: PostgreSQL, Optuna: 3 COMPLETE trials" in said
    # The study, its trials and the best of each architecture.
    assert "stack: PostgreSQL, MLflow: 6 FINISHED runs" in said
    (objects,) = [line for line in said if line.startswith("stack: S3: ")]
    kept = dict(re.findall(r"(\S+) ([\d.]+) MB", objects))
    assert {"ser/features", "ser/runs", "mlflow/1"} <= kept.keys(), objects
    assert "stack: Ray: 2 nodes of 1 and 1 CPUs" in said
    assert said[-1] == "stack: all of it is gone"
    assert "a-secret-only-for-tests" not in done.stdout
    left = [p for p in set(psutil.pids()) - before if _is_of_a_stack(p)]
    assert left == []


def _is_of_a_stack(pid: int) -> bool:
    try:
        command = " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return False
    return bool(re.search(r"ser-stack-|ser-postgres-", command))
