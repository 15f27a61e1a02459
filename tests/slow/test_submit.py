"""``ray job submit`` against a local cluster that asks for a token."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import free_port
from tests.slow.platform import BOTH, ROOT, Platform

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RAY = str(Path(sys.executable).parent / "ray")


@dataclass(frozen=True)
class Head:
    """A running head node."""

    jobs_url: str
    environment: dict[str, str]

    def submit(self, *entrypoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [RAY, "job", "submit", "--address", self.jobs_url, "--working-dir", str(ROOT)]
        return subprocess.run(
            [*command, "--", *entrypoint],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    folder = tmp_path_factory.mktemp("head")
    token = folder / "token"
    token.write_text("a-token-only-for-tests-" + "0" * 20)
    token.chmod(0o600)
    inherited = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}  # noqa: TID251
    environment = {
        **inherited,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "OMP_NUM_THREADS": "1",
        # As in an activated environment: `python` is the one with the packages.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}",
    }
    port, jobs = free_port(), free_port()
    start = [RAY, "start", "--head", f"--port={port}", f"--dashboard-port={jobs}"]
    limits = ["--num-cpus=2", "--dashboard-host=127.0.0.1", "--disable-usage-stats"]
    subprocess.run([*start, *limits], env=environment, check=True, capture_output=True)
    try:
        yield Head(f"http://127.0.0.1:{jobs}", environment)
    finally:
        subprocess.run([RAY, "stop", "--force"], env=environment, check=True, capture_output=True)


def test_a_submitted_study_runs_to_its_leaderboard(
    head: Head, tmp_path: Path, demo_root: Path
) -> None:
    platform = Platform(tmp_path)
    file = platform.write(
        {
            **BOTH,
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "study": {**BOTH["study"], "storage": f"sqlite:///{tmp_path}/optuna.db"},
            "store": str(tmp_path / "store"),
            "tracking": {"uri": f"sqlite:///{tmp_path}/mlflow.db"},
        }
    )
    done = head.submit("python", "-m", "ser_platform.tune", str(tmp_path / file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ray: joined the cluster at" in done.stdout
    assert "Synthetic speech" in done.stdout


def test_a_study_that_fails_fails_the_job(head: Head, tmp_path: Path) -> None:
    platform = Platform(tmp_path)
    corpus = {"kind": "iemocap", "root": str(tmp_path / "absent")}
    file = platform.write({**BOTH, "corpus": corpus})
    done = head.submit("python", "-m", "ser_platform.tune", str(tmp_path / file))
    assert done.returncode != 0
    assert "absent" in done.stdout + done.stderr


def test_nobody_submits_without_the_token(head: Head, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another-token-" + "1" * 20)
    done = head.submit("true", RAY_AUTH_TOKEN_PATH=str(wrong))
    assert done.returncode != 0
