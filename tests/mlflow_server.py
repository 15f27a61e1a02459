"""A real ``mlflow server`` process for tests, and the database that saves its first minute."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from tests.servers import free_port


class MlflowServer:
    """A server on a port of its own; started, killed and started again, it keeps its data."""

    def __init__(
        self,
        folder: Path,
        database: Path | None = None,
        backend: str = "",
        artifacts: str = "",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if database is not None:
            shutil.copy(database, folder / "mlflow.db")
        self._folder = folder
        self._backend = backend or f"sqlite:///{folder / 'mlflow.db'}"
        self._artifacts = artifacts or str(folder / "artifacts")
        self._variables = dict(variables)
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"http://127.0.0.1:{free_port()}"

    def start(self, patience_s: float = 120) -> None:
        """Start, unless it runs, and wait until it answers."""
        if self._process is not None:
            return
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--host", "127.0.0.1", "--port", self.uri.rpartition(":")[2]),
            *("--backend-store-uri", self._backend),
            *("--artifacts-destination", self._artifacts),
        ]
        settings = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
            "OMP_NUM_THREADS": "1",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**os.environ, **settings, **self._variables},  # noqa: TID251  the server's
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + patience_s
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"no MLflow server:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)

    @property
    def pid(self) -> int:
        """Of the process that started all others."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it and every process it started, at once, without a chance to tidy up."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def suspend(self) -> None:
        """Let it hang: it takes connections and answers none, until :meth:`resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


@contextmanager
def mlflow_server(
    folder: Path,
    database: Path | None = None,
    backend: str = "",
    artifacts: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[MlflowServer]:
    """A server that answers; killed when the block ends.

    Args:
        folder: for its database, artifacts and log.
        database: of :func:`new_database`, copied; without one, starting takes some seconds more.
        backend: URL of another database in the place of SQLite.
        artifacts: URL of a place for them, instead of a folder.
        variables: for the server's environment.
    """
    server = MlflowServer(folder, database, backend, artifacts, variables)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def new_database(folder: Path) -> Path:
    """An empty MLflow database; tests copy it, because making one takes seconds."""
    from ser_platform.tracking.connection import connect

    connect(f"sqlite:///{folder / 'mlflow.db'}")
    return folder / "mlflow.db"
