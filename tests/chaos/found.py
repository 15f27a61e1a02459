"""What a study has left behind, as plain values that can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Setting = tuple[tuple[str, Any], ...]
"""What a trial drew, by name and in order."""
Points = tuple[tuple[int, float], ...]
"""Step and value, in order."""


@dataclass(frozen=True)
class Trial:
    """A trial in Optuna."""

    number: int
    state: str
    """In Optuna's word: COMPLETE, FAIL, RUNNING..."""
    setting: Setting
    interrupted: bool = False
    """Closed because its program died, and queued again: it does not count."""


@dataclass(frozen=True)
class Logged:
    """A run in MLflow."""

    role: str
    run_key: str
    number: str
    status: str
    metrics: Mapping[str, Points]
    """Without those that measure time."""


@dataclass(frozen=True)
class Row:
    """A row of the leaderboard."""

    architecture: str
    run_key: str
    settings: Setting
    folds: int
    wa: float
    ua: float


@dataclass(frozen=True)
class Found:
    """All of it."""

    folds: Mapping[str, Mapping[str, Any]]
    """Key of an object -> the result of a fold in it, without what measures time."""
    trials: tuple[Trial, ...]
    logged: tuple[Logged, ...]
    versions: Mapping[str, tuple[str, ...]]
    """Registered model -> the architecture of each version."""
    board: tuple[Row, ...]
    unranked: tuple[str, ...]
    """Why finals are on no board."""
    keys: tuple[str, ...]
    """Of all objects, and of uploads that did not end."""
    damaged: tuple[str, ...]
    """What is wrong with objects."""


@dataclass(frozen=True)
class Traces:
    """What only the disturbed study leaves: seen from outside while it ran."""

    written: Mapping[str, int]
    """Key of an object -> how often it was written."""
    ends: tuple[str, ...]
    """How each run of the command ended, as far as that is no answer to a fault."""
    not_met: tuple[str, ...]
    """Faults of the schedule that never happened."""
    processes: tuple[str, ...]
    """Left a minute after the last run."""
    secrets: tuple[str, ...]
    """Files and objects that hold a key of the object store."""
