"""How far the filling of the feature cache is: a bar for people, lines for logs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from ser_platform.features.rows import Progress

_log = logging.getLogger(__name__)


@contextmanager
def showing(features: str, console: Console | None = None) -> Iterator[Progress]:
    """What to call as shards finish; silent while everything comes from the cache.

    Args:
        features: kind of the front end.
        console: where to show it; None: standard error, a bar when that is a terminal.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield log_progress(features)
        return
    columns = (
        TextColumn("features: {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("utterances,"),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield _on_bar(bars, features)
    # The bar is gone; what it came to stays in the log, in lines as elsewhere.
    for task in bars.tasks:
        _log.info("features: %s %d/%s utterances", features, task.completed, task.total)


def log_progress(kind: str, room: str = "features") -> Progress:
    """A line per tenth of the work."""
    shown = 0

    def show(done: int, total: int, cached: int) -> None:
        nonlocal shown
        computed = done - cached
        if computed and (10 * done // total > shown or done == total):
            shown = 10 * done // total
            _log.info("%s: %s %d/%d utterances, %d cached", room, kind, done, total, cached)

    return show


def _on_bar(bars: Bars, features: str) -> Progress:
    def show(done: int, total: int, cached: int) -> None:
        if done == cached == total:
            return
        if not bars.tasks:
            bars.add_task(features, total=total, completed=cached)
        bars.update(bars.tasks[0].id, completed=done)

    return show


class _Rate(ProgressColumn):
    """Utterances per second, of those computed now."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f}/s" if task.speed else "")
