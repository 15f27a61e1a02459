"""Faults on order: a worker is killed, held or finds no memory at an epoch of a fold.

Nothing here looks at a clock. Where a fault strikes is said by rank, fold, epoch and settings; a
mark in a folder says that it has, so that it does so once, or as often as it was asked to:

    kill@rank1:epoch3                            once, in any fold that comes to its third epoch
    hang@fold2:epoch1:train.learning_rate=0.01   on rank 0 of one trial's second fold
    kill@epoch2:train.learning_rate=0.02*3       three times

An epoch begins once the one before it is stored. What ``wait`` holds can be let go, what ``hang``
holds never goes on. Studies in other processes take their faults from
the environment (``__main__.py``); tests of worker groups call :func:`injected`.
"""

import os
import re
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ser_platform.config.schema import Experiment
from ser_platform.config.search import value_of
from ser_platform.train import fold as fold_module
from ser_platform.train import group as group_module
from ser_platform.train.group import serve_folds
from ser_platform.train.loop import Progress, fit
from ser_platform.train.ranks import Ranks


@dataclass(frozen=True)
class Fault:
    """What happens, and where."""

    action: str
    epoch: int
    """The one that it strikes in, from 1."""
    rank: int = 0
    fold: int | None = None
    settings: tuple[tuple[str, str], ...] = ()
    times: int = 1

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """``action@rank1:fold2:epoch3:some.setting=value*times``, all but the epoch optional."""
        action, _, place = text.partition("@")
        place, _, times = place.partition("*")
        parts = place.split(":")
        settings = tuple(
            (name, value) for name, _, value in (p.partition("=") for p in parts) if value
        )
        numbers = {
            m[1]: int(m[2]) for p in parts if (m := re.fullmatch(r"(rank|fold|epoch)(\d+)", p))
        }
        assert len(settings) + len(numbers) == len(parts), f"not understood: {text}"
        assert action in ACTIONS, f"{action}: none of {', '.join(ACTIONS)}"
        return cls(action, settings=settings, times=int(times or 1), **numbers)

    def concerns(self, experiment: Experiment, rank: int, fold: int) -> bool:
        """Whether it is for this worker."""
        return (
            self.rank == rank
            and self.fold in (None, fold)
            and all(str(value_of(experiment, name)) == value for name, value in self.settings)
        )


@dataclass(frozen=True)
class Injected:
    """What a worker of a group runs, in the place of ``serve_folds``."""

    faults: tuple[Fault, ...]
    marks: Path

    def __call__(self, config: dict[str, Any]) -> None:
        """Serve folds, with faults."""
        fold_module.fit = self._fit
        group_module.kernel_kills = lambda: len(self.struck("kernel"))
        serve_folds(config)

    def struck(self, action: str) -> list[Path]:
        """The marks of faults that have struck, of those that begin so."""
        return sorted(self.marks.glob(f"{action}*-*"))

    def let_go(self, fault: str) -> None:
        """Let workers go on that wait because of faults whose marks begin so."""
        for mark in self.struck(fault):
            _end_of(mark).touch()

    def _fit(
        self,
        experiment: Experiment,
        dataset: Any,
        fold: int,
        train: Any,
        validation: Any,
        ranks: Ranks,
        progress: Progress,
        save: Callable[[Progress], None],
        *rest: Any,
    ) -> Progress:
        mine = [fault for fault in self.faults if fault.concerns(experiment, ranks.rank, fold)]

        def saved(so_far: Progress) -> None:
            save(so_far)
            if len(so_far.epochs) < experiment.train.epochs:
                self._strike(mine, len(so_far.epochs) + 1)

        self._strike(mine, len(progress.epochs) + 1)
        return fit(experiment, dataset, fold, train, validation, ranks, progress, saved, *rest)

    def _strike(self, faults: Sequence[Fault], epoch: int) -> None:
        for fault in faults:
            if fault.epoch == epoch and (mark := self._marked(fault)):
                ACTIONS[fault.action](mark)

    def _marked(self, fault: Fault) -> Path | None:
        """Leave a mark; None when it has struck often enough."""
        for time_ in range(fault.times):
            mark = self.marks / f"{fault.action}-{self.faults.index(fault)}-{time_}"
            try:
                mark.touch(exist_ok=False)
            except FileExistsError:
                continue
            return mark
        return None


def injected(faults: Sequence[str], marks: Path) -> Injected:
    """Have the worker groups that this process starts from now on meet these faults."""
    marks.mkdir(exist_ok=True)
    workers = Injected(tuple(map(Fault.parse, faults)), marks)
    group_module.serve_folds = workers
    return workers


@contextmanager
def little_memory() -> Iterator[int]:
    """A limit of address space, for a machine that overcommits grants everything; in bytes."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    limit = 2**40
    resource.setrlimit(resource.RLIMIT_AS, (limit, limits[1]))
    try:
        yield limit
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def _kill(_mark: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(_mark: Path) -> None:
    while True:
        time.sleep(60)


def _wait(mark: Path) -> None:
    while not _end_of(mark).exists():
        time.sleep(0.02)


def _end_of(mark: Path) -> Path:
    return mark.with_name(f"over {mark.name}")


def _find_no_memory(_mark: Path) -> None:
    with little_memory() as limit:
        np.ones(limit)


def _take_memory(_mark: Path) -> None:
    """More and more of it, slowly enough for Ray to see before the machine is full."""
    held = []
    while psutil.virtual_memory().percent < 90:
        held.append(np.ones(2**25))
        time.sleep(0.1)
    raise AssertionError(f"Ray let it have {len(held) / 4:g} GiB")


ACTIONS: dict[str, Callable[[Path], None]] = {
    "kill": _kill,
    "kernel": _kill,  # and its counter shows it
    "hang": _hang,
    "wait": _wait,
    "memory": _find_no_memory,
    "hoard": _take_memory,
}
