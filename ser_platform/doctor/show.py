"""The report: a line for each finding as it comes, or JSON."""

import dataclasses
import json
import sys
from collections.abc import Iterable

from rich.text import Text

from ser_platform.doctor.finding import Finding
from ser_platform.pages.terminal import console, say

_STYLES = {"ok": "green", "warning": "bold yellow", "failed": "bold red", "skipped": "dim"}


def show(findings: Iterable[Finding]) -> int:
    """Print them, the remedy under each that is not well; the exit code: 1 when one failed."""
    to, seen = console(), list[Finding]()
    for found in findings:
        seen.append(found)
        mark = Text(f"{found.state:<8} ", _STYLES[found.state])
        to.print(mark + Text(f"{found.check:<10} {found.says}", "default"), soft_wrap=True)
        if found.remedy:
            say(to, f"{'':20}{found.remedy}", "italic")
    failed = sum(found.state == "failed" for found in seen)
    warned = sum(found.state == "warning" for found in seen)
    say(to, f"{failed} failed, {warned} to look at, of {len(seen)} lines", "bold")
    return _exit_code(seen)


def write_json(findings: Iterable[Finding]) -> int:
    """One JSON object on standard output; the same exit code."""
    seen = list(findings)
    code = _exit_code(seen)
    report = {"ok": code == 0, "findings": [dataclasses.asdict(found) for found in seen]}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return code


def _exit_code(seen: Iterable[Finding]) -> int:
    return int(any(found.state == "failed" for found in seen))
