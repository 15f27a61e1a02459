"""What goes into the log besides results, and what comes back out of it."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ser_platform.results import RunResult

StudyStatus = Literal["FINISHED", "FAILED", "KILLED"]
"""How a study ended, in MLflow's words."""


@dataclass(frozen=True)
class StudyInfo:
    """The study a tracker logs: one parent run in MLflow, also when it is run again."""

    name: str
    study_key: str
    """Identity: the same key continues the same run."""
    experiment: dict[str, Any]
    """The resolved experiment file."""
    command: str
    environment: dict[str, str]
    architectures: tuple[str, ...]
    synthetic: bool
    selected_on_test: bool = False
    """Whether the test part chooses in it."""
    opened_at: float = field(default_factory=time.time)
    """Unix time in seconds; a journal keeps that of then."""


@dataclass(frozen=True)
class ModelFiles:
    """A model to log with a run: code and files, nothing pickled."""

    name: str
    code: Path
    """Python file that defines a ``PythonModel`` and calls ``mlflow.models.set_model`` with it."""
    artifacts: dict[str, Path]
    """Files the code finds as ``context.artifacts``."""
    requirements: tuple[str, ...]
    """Packages it needs, as pip reads them."""
    packages: tuple[Path, ...] = ()
    """Folders of our own packages, copied along: the model loads where they are not installed."""
    input_example: Any = None
    """An input; the signature is read off it, by predicting once. Columns that may be left out
    are optional there."""


@dataclass(frozen=True)
class LoggedFinal:
    """A final scoring as MLflow has it."""

    run_id: str
    study: str
    architecture: str
    result: RunResult | None
    """Complete and verified; None when there is a :attr:`problem`."""
    problem: str
    """Why it cannot be ranked."""


@dataclass(frozen=True)
class Finals:
    """Every final scoring of an MLflow experiment, oldest first."""

    experiment_id: str
    runs: tuple[LoggedFinal, ...]
    tags: frozenset[str] = frozenset()
    """Names of the tags of the experiment."""
