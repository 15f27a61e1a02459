"""A real server process, and what is asked of it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers import free_port

MODEL = Path(__file__).parents[1] / "inference" / "formats" / "5" / "wise"


@dataclass(frozen=True)
class Server:
    """Where it is, and what it logs."""

    url: str
    log: Path
    pid: int

    @property
    def netloc(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def address(self) -> tuple[str, int]:
        """As sockets take it."""
        host, _, port = self.netloc.partition(":")
        return host, int(port)

    def client(self, **options: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, **options)  # pyright: ignore


Start = Callable[..., "Iterator[Server]"]


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """A server of the stored model; ends, in order, with the block."""
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, "-m", "ser_platform.serve", str(MODEL), f"--port={port}", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    server = Server(f"http://127.0.0.1:{port}", log, process.pid)
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            try:
                httpx.get(f"{server.url}/readyz", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            pytest.fail(f"not ready: {log.read_text()}")
        yield server
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
    finally:
        process.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Open to this machine, without a token."""
    with serving(tmp_path_factory.mktemp("serve"), "--max-mb=1", "--max-seconds=30") as found:
        yield found


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as found:
        yield found


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.inference.formats.input import write_recording

    path = tmp_path_factory.mktemp("sound") / "tone.wav"
    write_recording(path)
    return path
