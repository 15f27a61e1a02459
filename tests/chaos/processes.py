"""The processes of a soak: found by a mark in their environment, whoever their parent is now."""

import signal
import time
from contextlib import suppress

import psutil

MARK = "SER_CHAOS_MARK"
"""Variable that every process inherits that the study's command starts."""


def marked(mark: str) -> list[psutil.Process]:
    """All that live, but those that ended and were not asked how."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def who_asks(port: int, server: int) -> psutil.Process | None:
    """The process at the other end of a connection: from ``port`` of this machine to ours."""
    for connection in psutil.net_connections("tcp4"):
        ends = [end.port for end in (connection.laddr, connection.raddr) if end]
        if ends == [port, server] and connection.pid:
            with suppress(psutil.NoSuchProcess):
                return psutil.Process(connection.pid)
    return None


def head_of(mark: str) -> psutil.Process | None:
    """Ray's control store (GCS) of the run that is up."""
    heads = [p for p in marked(mark) if _is(p, "gcs_server")]
    return max(heads, key=lambda process: process.create_time(), default=None)


def send(process: psutil.Process | None, number: signal.Signals) -> str:
    """Signal a process; what became of it in words, empty when there was none."""
    if process is None:
        return ""
    try:
        name = (process.cmdline() or [process.name()])[0].rpartition("/")[2]
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return ""
    return f"{number.name} to {name} ({process.pid})"


def left_after(mark: str, patience_s: float) -> list[str]:
    """What still lives after so long; then it is killed."""
    deadline = time.monotonic() + patience_s
    while (alive := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.5)
    told = []
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            told.append(f"{process.pid} {' '.join(process.cmdline())[:80]}")
            process.kill()
    return told


def _is(process: psutil.Process, program: str) -> bool:
    with suppress(psutil.Error):
        return process.name() == program
    return False
