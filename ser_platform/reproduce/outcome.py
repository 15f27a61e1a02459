"""What became of a row."""

from dataclasses import dataclass
from typing import Literal

from ser_platform.evidence.entries import Evidence
from ser_platform.reproduce.rows import PaperRow
from ser_platform.results import RunResult

State = Literal["done", "failed", "left out", "not run"]


@dataclass(frozen=True)
class Outcome:
    """A row that was run, or why it was not."""

    row: PaperRow
    state: State
    results: tuple[RunResult, ...] = ()
    """One for each seed; empty unless it is done."""
    evidence: Evidence | None = None
    """What their answers say; None unless it is done."""
    reason: str = ""
    """Empty when it is done."""


def waiting(row: PaperRow) -> Outcome:
    """Of a row that nobody has come to yet."""
    return Outcome(row, "left out" if row.left_out else "not run", reason=row.left_out)
