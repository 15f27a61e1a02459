"""Where a running study stands: fed by events, read by the live table."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ser_platform.tune.record import ENDED, Record, State, differing
from ser_platform.tune.selection import VALIDATION, order_of
from ser_platform.tune.time_left import time_left_s


@dataclass
class Row:
    """One trial."""

    number: int
    architecture: str
    settings: Mapping[str, Any]
    state: State
    fold_uas: dict[int, float] = field(default_factory=dict)
    """Fold, from 1 -> validation UA."""
    val_ua: float | None = None
    """Of its end; before, the mean over the finished folds."""
    others: tuple[float, ...] = ()
    """Values of the other goals; of a complete trial alone."""
    seconds: float = 0.0
    """Of training, over the finished folds; whole when it ended."""
    reason: str = ""
    began_s: float = 0.0
    """By the board's clock."""
    wall_s: float | None = None
    """None while it runs."""


@dataclass(frozen=True)
class Plan:
    """What is known of a study before its first trial."""

    study: str
    wanted: int
    """Trials, those that ended earlier included."""
    num_folds: int
    base: Mapping[str, Mapping[str, Any]]
    """Architecture -> setting -> the file's own value, as ``record.base_values`` gives it."""
    at_once: int
    """Trials that run together."""
    gpus: float = 0.0
    """Of one fold while it trains."""
    score: str = VALIDATION.short
    """What trials are compared by, for people."""
    test_part: int | None = None
    """Number of the fold that a nested study is for; None in others."""


class Board:
    """Every trial of a study, and what follows from them."""

    def __init__(
        self,
        plan: Plan,
        already: Sequence[Record] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A board that knows the trials that ended in earlier runs of the command."""
        self.plan = plan
        self.waits_for = ""
        """Why folds wait; empty when none does."""
        self._clock = clock
        self._began_s = clock()
        self._earlier_gpu_s = sum(r.gpu_seconds for r in already if r.state in ENDED)
        self._earlier_s = sum(r.seconds for r in already if r.state in ENDED)
        self.rows = {r.number: _row(r) for r in already if r.state in ENDED}
        self._ended_s = [r.wall_s for r in already if r.state != "failed" and r.wall_s is not None]

    def started(self, number: int, architecture: str, settings: Mapping[str, Any]) -> Row:
        """A trial begins."""
        row = Row(number, architecture, settings, "running", began_s=self._clock())
        self.rows[number] = row
        return row

    def fold(self, number: int, fold: int, val_ua: float, seconds: float) -> Row:
        """A trial has one fold more; ``seconds`` are those of its training."""
        row = self.rows[number]
        row.fold_uas[fold] = val_ua
        row.seconds += seconds
        row.val_ua = float(np.mean(list(row.fold_uas.values())))
        return row

    def ended(
        self,
        number: int,
        state: State,
        val_ua: float | None,
        seconds: float,
        reason: str,
        others: tuple[float, ...] = (),
    ) -> Row:
        """A trial is complete, pruned or failed; ``seconds`` are those of all its training."""
        row = self.rows[number]
        row.state, row.reason, row.seconds, row.others = state, reason, seconds, others
        row.val_ua = row.val_ua if val_ua is None else val_ua
        row.wall_s = self._clock() - row.began_s
        if state != "failed":
            self._ended_s.append(row.wall_s)
        return row

    @property
    def best(self) -> Row | None:
        """The complete trial that would be selected; the first of equals."""
        complete = [r for r in self.rows.values() if r.state == "complete"]
        return min(complete, key=lambda r: (_order(r), r.number), default=None)

    def is_ahead(self, row: Row) -> bool:
        """Whether a complete trial beats all others: one that equals the best does not."""
        others = [r for r in self.rows.values() if r.state == "complete" and r is not row]
        return all(_order(row) < _order(other) for other in others)

    def count(self, state: State) -> int:
        """Trials in that state."""
        return sum(row.state == state for row in self.rows.values())

    @property
    def num_ended(self) -> int:
        """Trials that are done with."""
        return sum(row.state in ENDED for row in self.rows.values())

    @property
    def elapsed_s(self) -> float:
        """Since this run of the command began its search."""
        return self._clock() - self._began_s

    @property
    def left_s(self) -> float | None:
        """Estimate of what is still to come; None before the first trial ended."""
        now_s = self._clock()
        running_s = [now_s - r.began_s for r in self.rows.values() if r.state == "running"]
        left = max(self.plan.wanted - self.num_ended - len(running_s), 0)
        return time_left_s(self._ended_s, running_s, left, self.plan.at_once)

    @property
    def seconds(self) -> float:
        """Training seconds of all trials, earlier runs included."""
        return sum(row.seconds for row in self.rows.values())

    @property
    def gpu_seconds(self) -> float:
        """The same, times GPUs."""
        return self._earlier_gpu_s + self.plan.gpus * (self.seconds - self._earlier_s)

    def row_s(self, row: Row) -> float:
        """Training seconds of a trial that ended; of a running one seconds since its start."""
        return self._clock() - row.began_s if row.state == "running" else row.seconds

    @property
    def settings(self) -> list[str]:
        """What differs anywhere from the file's own."""
        shown = sorted(self.rows.values(), key=lambda r: r.number)
        return differing([(r.architecture, r.settings) for r in shown], self.plan.base)

    def first_rows(self, most: int) -> list[Row]:
        """At most so many, by number: what runs, the best, then the latest."""
        best = self.best
        order = sorted(
            self.rows.values(), key=lambda r: (r.state != "running", r is not best, -r.number)
        )
        return sorted(order[:most], key=lambda r: r.number)


def _order(row: Row) -> tuple[float, ...]:
    return order_of((row.val_ua or 0.0, *row.others))


def _row(record: Record) -> Row:
    return Row(
        number=record.number,
        architecture=record.architecture,
        settings=record.settings,
        state=record.state,
        fold_uas=dict(enumerate(record.fold_uas, start=1)),
        val_ua=record.val_ua,
        others=record.values[1:],
        seconds=record.seconds,
        reason=record.reason,
        wall_s=record.wall_s,
    )
