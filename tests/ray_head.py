"""A real Ray head node that asks for a token, as a cluster has it; gone when the block ends."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.servers import free_port

ROOT = Path(__file__).parents[1]
RAY = str(Path(sys.executable).parent / "ray")


@dataclass(frozen=True)
class RayHead:
    """A running head node."""

    jobs_url: str
    environment: dict[str, str]

    def submit(self, *entrypoint: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """``ray job submit``, followed until the job ends; output and errors together."""
        command = [RAY, "job", "submit", "--address", self.jobs_url, "--working-dir", str(ROOT)]
        return subprocess.run(
            [*command, "--", *entrypoint],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )


@contextmanager
def ray_head(variables: Mapping[str, str]) -> Iterator[RayHead]:
    """A head node of two CPUs whose jobs get these variables.

    It keeps to itself: without a folder of its own every ``ray.init()`` of this machine would
    join it, and ``ray stop`` would end every other Ray too. (The folder has a short name: a
    socket's path has at most 107 letters.)
    """
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        yield from _head(Path(folder), variables)


def _head(folder: Path, variables: Mapping[str, str]) -> Iterator[RayHead]:
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
    port, jobs, agent = free_port(), free_port(), free_port()
    command = [
        *(RAY, "start", "--head", "--block", "--num-cpus=2", "--disable-usage-stats"),
        *(f"--port={port}", f"--dashboard-port={jobs}", "--dashboard-host=127.0.0.1"),
        *(f"--dashboard-agent-listen-port={agent}", f"--temp-dir={folder}"),
    ]
    log = folder / "head.log"
    with log.open("wb") as output:
        head = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        for part in (jobs, agent):  # jobs are refused while nobody is there to start them
            _wait_until_it_answers(f"http://127.0.0.1:{part}", head, log)
        yield RayHead(f"http://127.0.0.1:{jobs}", environment)
    finally:
        # At once: asked politely, Ray takes half a minute, and nothing here is worth saving.
        own = psutil.Process(head.pid)
        for process in [own, *own.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        head.wait()


def _wait_until_it_answers(url: str, head: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while not _answers(url):
        if head.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no Ray head:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/version", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True  # it asks for the token
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
