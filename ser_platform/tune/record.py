"""What a study holds of its trials, as plain values for tables, pages and exports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import value_of
from ser_platform.tune import attributes
from ser_platform.tune.selection import order_of
from ser_platform.tune.space import ARCHITECTURE

State = Literal["complete", "pruned", "failed", "running", "waiting"]
STATES: tuple[State, ...] = ("complete", "pruned", "failed", "running", "waiting")
ENDED: tuple[State, ...] = ("complete", "pruned", "failed")

_STATES: dict[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


@dataclass(frozen=True)
class Record:
    """One trial of a study."""

    number: int
    architecture: str
    """Empty for one that waits and leaves it to the sampler."""
    state: State
    settings: Mapping[str, Any]
    """Dotted setting -> value; of one that waits, those that are not left to the sampler."""
    fold_uas: tuple[float, ...]
    """Validation UA of the finished folds, in order."""
    val_ua: float | None
    """The objective of a complete trial; of others the mean over the finished folds, if any."""
    values: tuple[float, ...]
    """One for each goal of the study; empty unless it is complete."""
    seconds: float
    """Of training, over folds."""
    gpu_seconds: float
    num_parameters: int | None
    reason: str
    """Why it failed or was pruned."""
    started: datetime | None
    """In local time, as Optuna keeps it."""
    ended: datetime | None

    @property
    def wall_s(self) -> float | None:
        """From its start to its end."""
        if self.started is None or self.ended is None:
            return None
        return (self.ended - self.started).total_seconds()


def records(study: optuna.Study, file: ExperimentFile) -> list[Record]:
    """The trials that this study ran, runs or will run, by number.

    Left out are those closed because their program died (they are queued again under another
    number) and those taken over from an earlier study.
    """
    interrupted = set(study.user_attrs.get(attributes.INTERRUPTED, []))
    return [
        _record(trial, file)
        for trial in study.get_trials(deepcopy=False)
        if trial.number not in interrupted and attributes.WARM not in trial.user_attrs
    ]


def num_folds(study: optuna.Study, found: Iterable[Record]) -> int:
    """Folds of a trial; as many as one ever finished where the study does not say."""
    known = study.user_attrs.get(attributes.NUM_FOLDS)
    return int(known) if known else max((len(r.fold_uas) for r in found), default=0)


def wanted(study: optuna.Study, file: ExperimentFile) -> int:
    """Trials to be run: as the last run of the command had it."""
    return int(study.user_attrs.get(attributes.WANTED, file.study.trials))


def best(found: Iterable[Record]) -> Record | None:
    """The complete trial that is selected; the first of equals."""
    complete = [r for r in found if r.state == "complete" and r.values]
    return min(complete, key=lambda r: (order_of(r.values), r.number), default=None)


def best_of_each(found: Sequence[Record]) -> dict[str, Record]:
    """Architecture -> its best complete trial; the highest first."""
    each = [best(r for r in found if r.architecture == name) for name in architectures(found)]
    return {
        r.architecture: r
        for r in sorted((r for r in each if r is not None), key=lambda r: order_of(r.values))
    }


def architectures(found: Iterable[Record]) -> list[str]:
    """Those that any trial has, by name."""
    return sorted({r.architecture for r in found if r.architecture})


def base_values(file: ExperimentFile) -> dict[str, dict[str, Any]]:
    """Architecture -> searched setting -> the file's own value."""
    return {
        name: {s: value_of(file.experiment(name), s) for s in file.search_space(name)}
        for name in file.architectures
    }


def differing(
    found: Iterable[tuple[str, Mapping[str, Any]]], base: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Settings that are anywhere other than the file's own, in the order of the file.

    Args:
        found: architecture and settings of each trial.
        base: as :func:`base_values` gives it.
    """
    names: set[str] = set()
    met = {setting: None for own in base.values() for setting in own}
    for architecture, settings in found:
        own = base.get(architecture, {})
        names.update(s for s, v in settings.items() if s not in own or own[s] != v)
        met.update(dict.fromkeys(settings))
    return [setting for setting in met if setting in names]


def short_names(settings: Iterable[str]) -> dict[str, str]:
    """Dotted setting -> its last part; with its section where two would be told by one name."""
    names = list(dict.fromkeys(settings))
    last = [name.rpartition(".")[2] for name in names]
    return {
        name: name if last.count(short) > 1 else short
        for name, short in zip(names, last, strict=True)
    }


def counted(number: int, noun: str) -> str:
    """``1 fold``, ``2 folds``."""
    return f"{number} {noun}{'s' * (number != 1)}"


def shown_value(value: Any) -> str:
    """A setting's value with at most four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _record(trial: FrozenTrial, file: ExperimentFile) -> Record:
    attrs = trial.user_attrs
    params = trial.params or trial.system_attrs.get("fixed_params", {})
    architecture = attrs.get(attributes.ARCHITECTURE) or params.get(ARCHITECTURE)
    if architecture is None:
        architecture = next(iter(file.architectures)) if len(file.architectures) == 1 else ""
    folds = tuple(float(ua) for ua in attrs.get(attributes.FOLDS, ()))
    values = tuple(trial.values or ()) if trial.state == TrialState.COMPLETE else ()
    return Record(
        number=trial.number,
        architecture=architecture,
        state=_STATES[trial.state],
        settings=attrs.get(attributes.SETTINGS) or _settings(params, architecture),
        fold_uas=folds,
        val_ua=values[0] if values else float(np.mean(folds)) if folds else None,
        values=values,
        seconds=float(attrs.get(attributes.SECONDS) or 0.0),
        gpu_seconds=float(attrs.get(attributes.GPU_SECONDS) or 0.0),
        num_parameters=attrs.get(attributes.NUM_PARAMETERS),
        reason=attrs.get(attributes.REASON) or "",
        started=trial.datetime_start,
        ended=trial.datetime_complete,
    )


def _settings(params: Mapping[str, Any], architecture: str) -> dict[str, Any]:
    """Of a trial that does not say: its parameters without prefixes."""
    prefix = f"{architecture}."
    return {k.removeprefix(prefix): v for k, v in params.items() if k != ARCHITECTURE}
