"""What a study is at, read from Optuna's storage while it runs or after."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import optuna

from ser_platform.config.schema import ExperimentFile
from ser_platform.process import lives
from ser_platform.tune import attributes
from ser_platform.tune.cost import cost
from ser_platform.tune.record import (
    ENDED,
    STATES,
    Record,
    State,
    best_of_each,
    num_folds,
    records,
    wanted,
)
from ser_platform.tune.selection import TEST, Score, score_by, score_of
from ser_platform.tune.time_left import time_left_s

Activity = Literal["running", "stopping", "elsewhere", "dead", "at rest"]
"""``elsewhere``: by a process on another host, which cannot be seen from here. ``dead``: trials
are left running, and the process that ran them is gone. ``at rest``: nothing runs."""


@dataclass(frozen=True)
class Process:
    """What ran a study last."""

    host: str
    pid: int
    alive: bool | None
    """None: on another host, so it cannot be known here."""


@dataclass(frozen=True)
class Best:
    """The best complete trial of an architecture."""

    trial: int
    ua: float
    """Test UA where that selects, else validation UA."""
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Status:
    """Of one study."""

    study: str
    activity: Activity
    process: Process | None
    """None: the study does not say."""
    protocol: str
    selects_on_test: bool
    test_fold: int | None
    """Of a nested study."""
    wanted: int
    trials: Mapping[State, int]
    interrupted: int
    """Trials that were closed because their program died; they do not count."""
    num_folds: int
    running: Mapping[int, int]
    """Trial -> folds done."""
    best: Mapping[str, Best]
    """By architecture."""
    left_s: float | None
    """Estimate while it runs; None: unknown."""
    seconds: float
    gpu_seconds: float
    last: str
    """The last thing that happened to a trial."""
    last_at: datetime | None

    @property
    def ended(self) -> int:
        """Trials that count as done."""
        return sum(self.trials[state] for state in ENDED)

    @property
    def score(self) -> Score:
        """What :attr:`best` is the best by."""
        return score_by(on_test=self.selects_on_test)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        last_at = self.last_at.isoformat(timespec="seconds") if self.last_at else None
        best = {
            name: {"trial": top.trial, self.score.key: top.ua, "settings": top.settings}
            for name, top in self.best.items()
        }
        return {**asdict(self), "best": best, "last_at": last_at}


def status(study: optuna.Study, file: ExperimentFile) -> Status:
    """Everything that is known of a study now; nothing is written."""
    found, attrs = records(study, file), study.user_attrs
    process = process_of(study)
    running = {r.number: len(r.fold_uas) for r in found if r.state == "running"}
    trials: dict[State, int] = {state: sum(r.state == state for r in found) for state in STATES}
    trials_wanted, spent = wanted(study, file), cost(found)
    last, last_at = _last(found)
    is_open = bool(running) or sum(trials[state] for state in ENDED) < trials_wanted
    activity = _activity(process, bool(running), is_open, bool(attrs.get(attributes.STOP)))
    return Status(
        study=study.study_name,
        activity=activity,
        process=process,
        protocol=file.protocol,
        selects_on_test=score_of(study, file) == TEST,
        test_fold=attrs.get(attributes.TEST_FOLD),
        wanted=trials_wanted,
        trials=trials,
        interrupted=len(attrs.get(attributes.INTERRUPTED, [])),
        num_folds=num_folds(study, found),
        running=running,
        best={
            name: Best(top.number, top.val_ua or 0.0, top.settings)
            for name, top in best_of_each(found).items()
        },
        left_s=_left_s(found, trials_wanted) if activity in ("running", "elsewhere") else None,
        seconds=spent.seconds,
        gpu_seconds=spent.gpu_seconds,
        last=last,
        last_at=last_at,
    )


def process_of(study: optuna.Study) -> Process | None:
    """The process that runs a study or ran it last; None when the study does not say."""
    tag = study.user_attrs.get(attributes.PROCESS, "")
    if not tag:
        return None
    host, pid, *_ = tag.split()
    return Process(host, int(pid), lives(tag))


def _activity(
    process: Process | None, any_running: bool, is_open: bool, asked_to_stop: bool
) -> Activity:
    # A process that lives and has no trial left is scoring, or is at the next of nested studies.
    if process is not None and process.alive and is_open:
        return "stopping" if asked_to_stop else "running"
    if not any_running:
        return "at rest"
    return "dead" if process is not None and process.alive is False else "elsewhere"


def _left_s(found: list[Record], trials_wanted: int) -> float | None:
    now = datetime.now()  # as Optuna: local time without its zone
    begun_s = [
        (now - r.started).total_seconds() for r in found if r.state == "running" and r.started
    ]
    ended = sorted(
        (r for r in found if r.ended is not None and r.state != "failed"),
        key=lambda r: r.ended or now,
    )
    done = sum(r.state in ENDED for r in found)
    left = max(trials_wanted - done - len(begun_s), 0)
    return time_left_s([r.wall_s or 0.0 for r in ended], begun_s, left, max(len(begun_s), 1))


def _last(found: list[Record]) -> tuple[str, datetime | None]:
    began = [(r.started, f"trial {r.number} began") for r in found if r.started]
    ended = [(r.ended, f"trial {r.number} {r.state}") for r in found if r.ended]
    at, what = max([*began, *ended], key=lambda event: event[0], default=(None, "nothing yet"))
    return what, at
