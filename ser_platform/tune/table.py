"""What a person sees while a study runs: a table that moves on a terminal, lines elsewhere."""

import io
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from ser_platform.tune.board import Board, Plan, Row
from ser_platform.tune.board_view import view
from ser_platform.tune.record import Record, State, counted, shown_value

_log = logging.getLogger(__name__)


class TrialTable:
    """Follows a study event by event; used as a context manager, called from any thread.

    On a terminal it is a table at the bottom, and what is logged or printed meanwhile appears
    above it. Elsewhere each event is a line of the log.
    """

    def __init__(
        self, plan: Plan, already: Sequence[Record] = (), console: Console | None = None
    ) -> None:
        """A table that begins with the trials that ended in earlier runs of the command."""
        self.board = Board(plan, already)
        self._console = console or Console(stderr=True)
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._lock = RLock()
        self._open = ExitStack()

    def __enter__(self) -> "TrialTable":
        if self._live:
            live = Live(
                console=self._console,
                get_renderable=self._view,
                refresh_per_second=2,
                redirect_stdout=sys.stdout.isatty(),  # what goes to a file is to get there
            )
            self._open.enter_context(live)
            self._open.enter_context(_logging_above(self._console))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def started(self, number: int, architecture: str, settings: Mapping[str, Any]) -> None:
        """A trial begins, with these dotted settings."""
        with self._lock:
            row = self.board.started(number, architecture, settings)
            self._say("trial %d started  %-10s %s", number, architecture, _settings(row))

    def fold(self, number: int, fold: int, val_ua: float, seconds: float) -> None:
        """A trial finished a fold, from 1; seconds of its training."""
        with self._lock:
            row = self.board.fold(number, fold, val_ua, seconds)
            done = f"{len(row.fold_uas)}/{self.board.plan.num_folds}"
            self._say(
                "trial %d folds %s  fold %d %s %.3f  mean %.3f  %.0f s",
                *(number, done, fold, self.board.plan.score, val_ua, row.val_ua, seconds),
            )

    def ended(
        self,
        number: int,
        state: State,
        val_ua: float | None,
        seconds: float,
        reason: str = "",
        others: tuple[float, ...] = (),
    ) -> None:
        """A trial is complete, pruned or failed; seconds of all its training.

        A complete one has the values of the goals beside UA as ``others``.
        """
        with self._lock:
            row = self.board.ended(number, state, val_ua, seconds, reason, others)
            # A table has no room for why a trial failed.
            say = self._tell if state == "failed" else self._say
            say(
                "trial %d ended (%d of %d)  %-10s %s  %.0f s  %s",
                *(number, self.board.num_ended, self.board.plan.wanted, row.architecture),
                *(self._outcome(row), seconds, _settings(row)),
            )

    def waiting(self, text: str) -> None:
        """Why folds wait; empty when none does any more."""
        with self._lock:
            if text and not self._live:
                _log.info("%s", text)
            self.board.waits_for = text

    def _outcome(self, row: Row) -> str:
        best = self.board.best
        so_far = f"  best {best.val_ua:.3f}" if best is not None else ""
        score = "" if row.val_ua is None else f"{self.board.plan.score} {row.val_ua:.3f}"
        if row.state == "complete":
            mark = " (new best)" if self.board.is_ahead(row) else ""
            return f"{score}{so_far}{mark}"
        why = f": {row.reason}" if row.reason else ""
        after = f"after {len(row.fold_uas)} of {counted(self.board.plan.num_folds, 'fold')}"
        return f"{row.state} {after}{why}" + (f"  {score}{so_far}" if score else "")

    def _say(self, message: str, *values: Any) -> None:
        if not self._live:
            self._tell(message, *values)

    def _tell(self, message: str, *values: Any) -> None:
        """Of a trial: with ``protocol: nested`` every study has one of that number."""
        part = self.board.plan.test_part
        _log.info(("" if part is None else f"test part {part}  ") + message, *values)

    def _view(self) -> RenderableType:
        with self._lock:
            return view(self.board, self._console.width, self._console.height)


def _settings(row: Row) -> str:
    return " ".join(f"{name}={shown_value(value)}" for name, value in row.settings.items())


@contextmanager
def _logging_above(console: Console) -> Iterator[None]:
    """Handlers that write to the terminal write above what is live on it instead.

    They keep the stream they were made with, so redirecting ``sys.stderr`` does not reach them.
    """
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    handlers = {
        handler
        for logger in loggers
        if isinstance(logger, logging.Logger)
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler
        and handler.stream in (sys.__stderr__, console.file)
    }
    above = _Above(console)
    before: list[tuple[logging.StreamHandler[TextIO], TextIO]] = []
    for handler in handlers:
        before.append((handler, handler.stream))
        handler.setStream(above)
    try:
        yield
    finally:
        for handler, stream in before:
            handler.setStream(stream)


class _Above(io.TextIOBase):
    """A stream whose lines a console prints whole: never cut, wrapped or marked up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._console.print(Text.from_ansi(line), soft_wrap=True)
        return len(text)
