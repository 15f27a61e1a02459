"""What is pending, and what became of it, as text or as JSON for programs."""

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ser_platform.pages.page import Table
from ser_platform.pages.terminal import console, say, show_table
from ser_platform.tracking.pending import Pending, many


def show_pending(found: Sequence[Pending], root: Path) -> None:
    """A row for each study, then what needs to be looked at."""
    to = console()
    if not found:
        say(to, f"{root}: nothing is pending")
        return
    total = many(sum(each.records for each in found))
    columns = ("study", "MLflow", "state", "records", "MB", "oldest")
    show_table(to, Table(f"{root}: {total} pending", columns, tuple(map(_row, found)), names=3))
    for each in found:
        if each.problem:
            say(to, f"{each.study}: {each.problem}", "bold red")
        for path in each.aside:
            say(to, f"{path}: set aside, will not be sent; look at it, and delete it", "bold red")


def write_pending(found: Sequence[Pending]) -> None:
    """All of it as one JSON list on standard output."""
    rows = [dataclasses.asdict(each) for each in found]
    sys.stdout.write(json.dumps(rows, indent=2) + "\n")


def _row(each: Pending) -> tuple[str, ...]:
    return (
        each.study,
        each.uri,
        "running" if each.running else "not running",
        str(each.records),
        f"{each.size_bytes / 1e6:.2f}",
        "" if each.oldest_s is None else _age(each.oldest_s),
    )


def _age(seconds: float) -> str:
    """``40 s``, ``12 min``, ``5 h``, ``3 days``: the largest unit that has two of itself."""
    for unit_s, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds / unit_s:.0f} {name}"
    return f"{seconds:.0f} s"
