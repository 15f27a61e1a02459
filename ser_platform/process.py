"""Which process wrote something, as a tag, and whether it lives."""

import os
import platform
from pathlib import Path

import psutil

_CLOCK_STEP_S = 5.0
"""A process's start moves by this much when the machine's clock is set."""


def this_process() -> str:
    """Host, number and start of this process, as a tag."""
    return f"{platform.node()} {os.getpid()} {psutil.Process().create_time():.0f}"


def lives(process: str) -> bool | None:
    """Whether the process of a tag is there; None where one cannot know: on another host."""
    host, _, identity = process.partition(" ")
    if host != platform.node():
        return None
    number, _, started_s = identity.partition(" ")
    try:
        found = psutil.Process(int(number))
        current_s = found.create_time()
        # It has ended, and whoever started it did not ask yet how.
        if found.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.NoSuchProcess:
        return False
    return abs(current_s - float(started_s)) <= _CLOCK_STEP_S


def numbering() -> str:
    """Where numbers of processes mean the same: since one boot, in one container.

    Containers may share the name of their host, and a process of one is not seen in another.
    Empty where the system does not say; then the name of the host has to do.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
