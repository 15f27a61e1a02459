"""What a study tells MLflow, piece by piece, in the order in which it happens."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ser_platform.results import RunResult
from ser_platform.tracking.entries import ModelFiles, StudyInfo, StudyStatus

if TYPE_CHECKING:
    from ser_platform.tracking.projection import Projection


@dataclass(frozen=True)
class OpeningRecord:
    """A study, and where it is logged; the others mean nothing without it."""

    uri: str
    """Of MLflow, the same wherever it is read; without a password."""
    experiment: str
    """``tracking.experiment``."""
    study: StudyInfo


@dataclass(frozen=True)
class ResultRecord:
    """A result, the model made of it, and PNGs by path."""

    run: RunResult
    model: ModelFiles | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    registered_model: str = ""
    """``tracking.registered_model`` when it was logged."""
    logged_at: float = field(default_factory=time.time)
    """Unix time in seconds."""

    def write(self, projection: "Projection") -> str:
        """Into MLflow; why it refuses, empty when it is written."""
        return projection.log(self)


@dataclass(frozen=True)
class FilesRecord:
    """Files of the study itself, by path."""

    files: Mapping[str, bytes]

    def write(self, projection: "Projection") -> str:
        """Into MLflow, which refuses no files."""
        projection.attach(self.files)
        return ""


@dataclass(frozen=True)
class EndRecord:
    """How the study ended; void as soon as the study goes on."""

    status: StudyStatus
    ended_at: float
    """Unix time in seconds."""


Record = OpeningRecord | ResultRecord | FilesRecord | EndRecord
