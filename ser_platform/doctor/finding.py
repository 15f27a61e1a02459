"""What a check says, and how a check that fails becomes words."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ser_platform.errors import SerError
from ser_platform.redaction import redacted

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    """What was looked at, a word: ``store``."""
    state: State
    says: str
    remedy: str = ""
    """What to do about it; with ``failed`` and ``warning`` never empty."""
    seconds: float = 0.0


Check = Callable[[], Iterator[Finding]]
"""Yields what it finds. A SerError that it raises is a failure with the remedy in its message."""


def examine(name: str, check: Check) -> Iterator[Finding]:
    """What a check finds, with the seconds that each line took; its exception is a finding too."""
    began = time.monotonic()
    try:
        for found in check():
            yield _timed(found, began)
            began = time.monotonic()
    except SerError as e:
        says, _, remedy = str(e).partition("; ")
        yield _timed(Finding(name, "failed", says, remedy or "see the message"), began)
    except Exception as e:  # noqa: BLE001  # whatever is broken, the other lines are wanted too
        says = redacted(f"{type(e).__name__}: {e}".splitlines()[0])
        remedy = "this is no failure that we know: please report it with the lines above"
        yield _timed(Finding(name, "failed", says, remedy), began)


def _timed(found: Finding, began: float) -> Finding:
    return Finding(
        found.check, found.state, found.says, found.remedy, round(time.monotonic() - began, 3)
    )
