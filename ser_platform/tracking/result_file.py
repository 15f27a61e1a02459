"""The file that holds a whole result; apart from the figures, so that reading loads no plots."""

import hashlib

from ser_platform.results import RunResult

RESULT_FILE = "result.json"
"""The whole :class:`RunResult`; the leaderboard is made from it."""


def result_bytes(run: RunResult) -> bytes:
    """What :data:`RESULT_FILE` holds."""
    return run.model_dump_json().encode()


def digest(data: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()
