"""A recorded search, replayed under a pruner: Optuna's own study is told what was recorded.

What a pruner sees, in the words of Optuna:

- ``best_of_folds``: after fold k, step k, the best validation UA of that fold. Folds differ in how
  hard they are, so only values of the same step can be compared, as the Wilcoxon pruner does.
- ``every_epoch``: the step is the share of a trial that is done, in thousandths, where a fold that
  stopped early counts as a whole one; the value is the mean over the folds begun of their best
  validation UA so far. All trials train the folds in the same order, so at the same step it is a
  mean over the same folds, whatever their number of epochs; at different ones it is not, and
  successive halving compares at the same rung only.

After its last epoch a trial is complete, and no pruner is asked.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.pruners import BasePruner
from optuna.trial import TrialState

FULL = 1000
"""The step at which a trial is whole."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """The learning curves of one setting."""

    architecture: str
    val_ua: tuple[Values, ...]
    """For each fold, by epoch."""
    seconds: tuple[Values, ...]
    epochs: int
    """Planned for each fold; fewer where one stopped early."""

    @cached_property
    def score(self) -> float:
        """What a study maximises: the mean over folds of their best validation UA."""
        return float(np.mean([ua.max() for ua in self.val_ua]))

    @cached_property
    def spent_s(self) -> Values:
        """After 0, 1, 2, ... epochs over all folds."""
        return np.cumsum([0.0, *np.concatenate(self.seconds)])

    @property
    def num_epochs(self) -> int:
        return len(self.spent_s) - 1


@dataclass(frozen=True)
class Report:
    """What the pruner is told, and after how many epochs over all folds."""

    epochs: int
    step: int
    value: float


@dataclass(frozen=True)
class Method:
    """A pruner, and what it is told."""

    pruner: Callable[[], BasePruner]
    reports: Callable[[Curves], list[Report]]
    apart: bool = False
    """Whether a trial is compared with those of its own architecture only."""


@dataclass(frozen=True)
class Outcome:
    """What a search with a pruner came to."""

    selected: dict[str, int]
    """Architecture -> place in the record of its best setting that finished all folds."""
    epochs: int
    seconds: float
    """Summed over trials."""


def replay(
    trials: Sequence[Curves], method: Method, order: Sequence[int], at_once: int = 1
) -> Outcome:
    """Run the trials of a record in this order, ``at_once`` at a time, on a clock of its own."""
    studies: dict[str, optuna.Study] = {}
    waiting = iter(order)
    # Time of the next report, how many were begun before (so that equal times have an order).
    running: list[tuple[float, int, _Running]] = []
    ended: list[_Running] = []

    def start(now_s: float) -> None:
        if (place := next(waiting, None)) is not None:
            curves = trials[place]
            group = curves.architecture if method.apart else ""
            if group not in studies:
                studies[group] = _study(method, order)
            trial = _Running(place, curves, studies[group], method.reports(curves), now_s)
            heapq.heappush(running, (trial.next_s, len(running) + len(ended), trial))

    for _ in range(at_once):
        start(0.0)
    while running:
        now_s, begun, trial = heapq.heappop(running)
        if trial.goes_on():
            heapq.heappush(running, (trial.next_s, begun, trial))
        else:
            ended.append(trial)
            start(now_s)
    return Outcome(
        selected=_best(trials, [t.place for t in ended if t.epochs == t.curves.num_epochs]),
        epochs=sum(t.epochs for t in ended),
        seconds=float(sum(t.curves.spent_s[t.epochs] for t in ended)),
    )


def _study(method: Method, order: Sequence[int]) -> optuna.Study:
    return optuna.create_study(
        study_name="-".join(map(str, order)),  # Hyperband draws brackets by it
        direction="maximize",
        pruner=method.pruner(),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )


def _best(trials: Sequence[Curves], finished: Sequence[int]) -> dict[str, int]:
    rising = sorted(finished, key=lambda place: trials[place].score)
    return {trials[place].architecture: place for place in rising}


class _Running:
    """A trial between two reports."""

    def __init__(
        self,
        place: int,
        curves: Curves,
        study: optuna.Study,
        reports: list[Report],
        started_s: float,
    ) -> None:
        self.place, self.curves = place, curves
        self.epochs = 0
        self._study, self._trial = study, study.ask()
        self._reports = iter(reports)
        self._started_s = started_s
        self._next = next(self._reports)

    @property
    def next_s(self) -> float:
        return self._started_s + float(self.curves.spent_s[self._next.epochs])

    def goes_on(self) -> bool:
        """Report, and ask the pruner; false for a trial that is complete or stopped."""
        self.epochs = self._next.epochs
        self._trial.report(self._next.value, self._next.step)
        if self.epochs == self.curves.num_epochs:
            self._study.tell(self._trial, self.curves.score)
            return False
        if self._trial.should_prune():
            self._study.tell(self._trial, state=TrialState.PRUNED)
            return False
        self._next = next(self._reports)
        return True


# --- what is told -----------------------------------------------------------------------------


def best_of_folds(curves: Curves) -> list[Report]:
    ends = accumulate(map(len, curves.val_ua))
    best = (float(ua.max()) for ua in curves.val_ua)
    return [Report(*told) for told in zip(ends, count(1), best)]


def every_epoch(curves: Curves) -> list[Report]:
    return list(_epochs(curves))


def _epochs(curves: Curves) -> Iterator[Report]:
    folds, done, finished = len(curves.val_ua), 0, 0.0
    for fold, ua in enumerate(curves.val_ua):
        for epoch, best in enumerate(np.maximum.accumulate(ua), start=1):
            planned = curves.epochs if epoch == len(ua) else epoch
            step = FULL * (fold * curves.epochs + planned) // (folds * curves.epochs)
            yield Report(done + epoch, step, float(finished + best) / (fold + 1))
        done += len(ua)
        finished += float(ua.max())


def at_fold_ends(curves: Curves) -> list[Report]:
    """Of :func:`every_epoch` what is told at the end of a fold: means of finished folds."""
    ends = set(accumulate(map(len, curves.val_ua)))
    return [report for report in _epochs(curves) if report.epochs in ends]


def at_rungs(curves: Curves, first: int, reduction: int) -> list[Report]:
    """Of :func:`every_epoch` what successive halving looks at; the rest changes nothing."""
    rung, told = first, list[Report]()
    for report in _epochs(curves):
        if report.step >= rung or report.epochs == curves.num_epochs:
            told.append(report)
        while report.step >= rung:
            rung *= reduction
    return told
