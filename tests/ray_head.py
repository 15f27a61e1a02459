"""A real Ray head node that asks for a token, as a cluster has it; gone when the block ends."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from ray._private import services

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
TWO_CPUS = ("--num-cpus=2",)
RAY = str(Path(sys.executable).parent / "ray")


@dataclass(frozen=True)
class RayHead:
    """A running head node."""

    address: str
    jobs_url: str
    environment: dict[str, str]
    token: str

    def asked(self, token: str | None, job: bytes | None = None) -> int:
        """The status of the answer to a request for all jobs, or to start one, with a token."""
        request = urllib.request.Request(f"{self.jobs_url}/api/jobs/", job)
        request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def read(self, path: str) -> Any:
        """What the dashboard answers to a request, as JSON."""
        request = urllib.request.Request(f"{self.jobs_url}{path}")
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def nodes(self) -> list[dict[str, Any]]:
        """Those that live, as Ray's state API has them."""
        found = self.read("/api/v0/nodes?detail=1&limit=1000")["data"]["result"]["result"]
        return [node for node in found if node["state"] == "ALIVE"]

    def job(
        self, command: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """``ray job ...``, ended; output and errors together."""
        return subprocess.run(
            [RAY, "job", command, "--address", self.jobs_url, *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )

    def submit(self, *entrypoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """``ray job submit``, followed until the job ends."""
        return self.job("submit", "--working-dir", str(ROOT), "--", *entrypoint, **environment)


@contextmanager
def ray_head(
    variables: Mapping[str, str], options: Sequence[str] = TWO_CPUS, port: int = 0
) -> Iterator[RayHead]:
    """A head node, of two CPUs unless ``options`` say else, whose jobs get these variables.

    It keeps to itself: without a folder of its own every ``ray.init()`` of this machine would
    join it, and ``ray stop`` would end every other Ray too. (The folder has a short name: a
    socket's path has at most 107 letters.)
    """
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        yield from _head(Path(folder), variables, options, port or free_port())


def _head(
    folder: Path, variables: Mapping[str, str], options: Sequence[str], port: int
) -> Iterator[RayHead]:
    token = folder / "token"
    token.write_text("a-token-only-for-tests-" + "0" * 20)
    token.chmod(0o600)
    inherited = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}  # noqa: TID251
    environment = {
        **inherited,
        **variables,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "OMP_NUM_THREADS": "1",
        # As in an activated environment: `python` is the one with the packages.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}",
    }
    jobs, agent = free_port(), free_port()
    command = [
        *(RAY, "start", "--head", "--block", "--disable-usage-stats", *options),
        *(f"--port={port}", f"--dashboard-port={jobs}", "--dashboard-host=127.0.0.1"),
        *(f"--dashboard-agent-listen-port={agent}", f"--temp-dir={folder}"),
    ]
    urls = [f"http://127.0.0.1:{part}" for part in (jobs, agent)]
    # Jobs are refused while nobody is there to start them.
    with started(command, environment, folder / "head.log", lambda: all(map(_answers, urls))):
        address = f"{services.get_node_ip_address()}:{port}"
        yield RayHead(address, urls[0], environment, token.read_text())


@contextmanager
def ray_node(head: RayHead, cpus: int = 1) -> Iterator[None]:
    """Another node of the head's cluster, as on another machine: with a folder of its own.

    Nodes that share Ray's folder unpack the working folder of a job into one place, and delete it.
    """
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        before = len(head.nodes())
        command = [
            *(RAY, "start", "--block", f"--address={head.address}", f"--num-cpus={cpus}"),
            *("--disable-usage-stats", f"--temp-dir={folder}"),
        ]
        log = Path(folder) / "node.log"
        with started(command, head.environment, log, lambda: len(head.nodes()) > before):
            yield


@contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    is_up: Callable[[], bool],
    attempts: int = 5,
) -> Iterator[None]:
    """A node that ``ray start --block`` keeps, once it is up; gone when the block ends.

    Its parts wait 15 and 30 s for each other: on a busy machine it may take several attempts, as
    it does ``runtime.connection.start_here``.
    """
    with log.open("wb") as output:
        node = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 120
        while node.poll() is None and not is_up():
            assert time.monotonic() < deadline, f"no Ray node:\n{log.read_text()[-3000:]}"
            time.sleep(0.2)
        if node.returncode is None:
            yield
            return
    finally:
        _end(node)
    said = log.read_text()
    assert attempts > 1, said[-3000:]
    assert "timed out during startup" in said, said[-3000:]
    with started(command, environment, log, is_up, attempts - 1):
        yield


def _end(node: subprocess.Popen[bytes]) -> None:
    """A command and its children."""
    # At once: asked politely, Ray takes half a minute, and nothing here is worth saving.
    with suppress(psutil.NoSuchProcess):  # it may be gone by itself
        own = psutil.Process(node.pid)
        for process in [*own.children(recursive=True), own]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
    node.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/version", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True  # it asks for the token
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
