"""The studies of an experiment file as text, or as JSON for programs."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from ser_platform.pages.page import Table
from ser_platform.pages.terminal import console, say, show_table
from ser_platform.tune.record import STATES, counted, shown_value
from ser_platform.tune.status import Activity, Status
from ser_platform.tune.time_left import in_words

_STYLES: dict[Activity, str] = {
    "running": "bold cyan",
    "stopping": "bold yellow",
    "elsewhere": "bold cyan",
    "dead": "bold red",
    "at rest": "bold",
}


def write_status(found: Sequence[Status]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps({"studies": [s.to_json() for s in found]}, indent=2) + "\n")


def show_status(found: Sequence[Status], experiment: str, to: Console | None = None) -> None:
    """The study that runs, or the newest, in full; the others in a table."""
    to = to or console()
    active = [s for s in found if s.activity in ("running", "stopping", "elsewhere")]
    for shown in active or found[:1]:
        _show(to, shown, experiment)
    if len(found) > 1:
        show_table(to, _others(found))


def _show(to: Console, status: Status, experiment: str) -> None:
    part = "" if status.test_fold is None else f", test part {status.test_fold}"
    say(to, f"study {status.study}{part}: {status.activity}", _STYLES[status.activity])
    say(to, f"  {_who(status, experiment)}")
    counts = [f"{n} {state}" for state in STATES if (n := status.trials[state])]
    if status.interrupted:
        counts.append(f"{status.interrupted} interrupted, which do not count")
    say(
        to, f"  {status.ended} of {status.wanted} trials ended ({', '.join(counts) or 'none yet'})"
    )
    for trial, folds in status.running.items():
        of = counted(status.num_folds, "fold") if status.num_folds else "its folds"
        say(to, f"  trial {trial}: {folds} of {of} done")
    for architecture, best in status.best.items():
        settings = " ".join(f"{k}={shown_value(v)}" for k, v in best.settings.items())
        ua = f"{status.score.short} {best.ua:.3f}"
        say(to, f"  best {architecture}: {ua}, trial {best.trial}  {settings}")
    if status.activity in ("running", "elsewhere"):
        say(to, f"  left: {'unknown' if status.left_s is None else in_words(status.left_s)}")
    say(to, f"  cost: {status.seconds:,.0f} s of training, {status.gpu_seconds:,.0f} GPU s")
    say(to, f"  last: {_last(status)}")


def _who(status: Status, experiment: str) -> str:
    process = status.process
    again = f"`python -m ser_platform.tune {experiment}` goes on with it"
    where = "" if process is None else f"process {process.pid} on {process.host}"
    match status.activity:
        case "running" | "stopping":
            return f"by {where}"
        case "elsewhere":
            return (
                f"by {where or 'a process that is not recorded'}, which cannot be seen from here"
            )
        case "dead":
            return f"{where} is gone and left trials running; {again}"
        case "at rest":
            return again if status.ended < status.wanted else "all its trials have ended"


def _last(status: Status) -> str:
    if status.last_at is None:
        return status.last
    ago_s = max((datetime.now() - status.last_at).total_seconds(), 0.0)
    return f"{status.last} {in_words(ago_s)} ago, {status.last_at:%Y-%m-%d %H:%M:%S}"


def _others(found: Sequence[Status]) -> Table:
    scores = {s.score.short for s in found}
    rows = [
        [
            s.study,
            "-" if s.test_fold is None else str(s.test_fold),
            s.activity,
            f"{s.ended}/{s.wanted}",
            f"{max((b.ua for b in s.best.values()), default=float('nan')):.3f}"
            + (f" {s.score.short}" if len(scores) > 1 else ""),
            "-" if s.last_at is None else f"{s.last_at:%Y-%m-%d %H:%M}",
        ]
        for s in found
    ]
    best = f"best {'UA' if len(scores) > 1 else scores.pop()}"
    columns = ["study", "test part", "state", "trials", best, "last event"]
    return Table("Studies of this name, the newest first.", columns, rows, names=3)
