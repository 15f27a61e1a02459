"""A worker pod that Kubernetes ends: Ray says so first, and the pod waits, as the manifest has it.

What a study does when it hears that is in tests/train/test_cluster.py: a group stops after its
epoch and the fold goes on elsewhere, at no cost.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cluster.files import CLUSTER, document
from tests.cluster.programs import running
from tests.ray_head import started
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DRIVER = """
import os, sys, time, ray
from ser_platform.runtime.nodes import leaving_nodes, live_nodes

ray.init(address=os.environ["RAY_ADDRESS"], log_to_driver=False)

@ray.remote(num_cpus=1)
class Fold:
    def where(self):
        return ray.get_runtime_context().get_node_id()

fold = Fold.remote()
node = ray.get(fold.where.remote())
print("training", flush=True)
while node not in leaving_nodes():
    time.sleep(0.1)
assert node in live_nodes()
print("leaving", flush=True)
time.sleep(3)
assert node in live_nodes(), "it did not wait for its work"
print("still there", flush=True)
ray.kill(fold)
while node in live_nodes():
    time.sleep(0.1)
print("gone", flush=True)
"""


@dataclass(frozen=True)
class Node:
    """A worker as KubeRay starts it."""

    process: subprocess.Popen[bytes]
    environment: dict[str, str]
    drain_s: float


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Node]:
    """Beside a head without CPUs, on this machine."""
    (gpu, *_) = document(CLUSTER / "kuberay" / "raycluster.yaml")["spec"]["workerGroupSpecs"]
    told = {v["name"]: v["value"] for v in gpu["template"]["spec"]["containers"][0]["env"]}
    ray = str(Path(sys.executable).with_name("ray"))
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        token = Path(folder) / "token"
        token.write_text("a-token-only-for-tests-" + "0" * 20)
        token.chmod(0o600)
        told_all = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "OMP_NUM_THREADS": "1",
        }
        head = [ray, "start", "--head", "--block", "--num-cpus=0", f"--port={free_port()}"]
        alone = ["--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}"]
        log, environment = tmp_path / "head.log", {**os.environ, **told_all}  # noqa: TID251
        with started([*head, *alone], environment, log, lambda: _address(log) != ""):
            address = _address(log)
            # KubeRay's own words (common/pod.go): bash hands its place over to ray, so that ray
            # is who hears SIGTERM.
            command = f"ulimit -n 4096; {ray} start --address={address} --block --num-cpus=1"
            bash = ["/bin/bash", "-c", "--", command]
            with running(bash, tmp_path / "worker", {**told_all, **told}) as process:
                drain_s = float(told["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"])
                yield Node(process, {**told_all, "RAY_ADDRESS": address}, drain_s)


def _address(log: Path) -> str:
    """Of a head, once it is up; until then nothing."""
    found = re.search(r"--address='([\d.:]+)'", log.read_text())
    return "" if found is None else found[1]


def test_a_pod_that_is_ended_announces_it_and_leaves_when_its_work_has(worker: Node) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        env={**os.environ, **worker.environment},  # noqa: TID251
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as driver:
        try:
            said = _until(driver, "training")
            told_at = time.monotonic()
            worker.process.terminate()
            said += _until(driver, "leaving", "still there", "gone")
            assert driver.wait(timeout=60) == 0, said
            worker.process.wait(timeout=60)
            # Not after the time that it may take, but when there is nothing left to wait for.
            assert time.monotonic() - told_at < worker.drain_s
        finally:
            driver.kill()


def _until(driver: subprocess.Popen[str], *lines: str) -> str:
    """Read what it prints up to these lines, in their order."""
    assert driver.stdout is not None
    said = ""
    for wanted in lines:
        for line in driver.stdout:
            said += line
            if line.strip() == wanted:
                break
        else:
            raise AssertionError(f"no '{wanted}':\n{said}")
    return said
