"""A fold in the queue: what is known of it, how it ended, and in which words."""

import asyncio
import json
from dataclasses import dataclass, field

from ser_platform.errors import SerError, StudyTakenError, TrainingError, WithdrawnError
from ser_platform.train.jobs import FoldJob


@dataclass
class QueuedFold:
    """One submitted fold."""

    job: FoldJob
    losses: int = 0
    last_error: str = ""
    """What a worker said before it died; empty when it was killed."""
    epochs: list[float | None] = field(default_factory=list)
    """Validation UA."""
    seconds: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    result: str = ""
    error: SerError | None = None

    @property
    def withdrawn(self) -> bool:
        """Nobody wants its result any more."""
        return isinstance(self.error, (WithdrawnError, StudyTakenError))

    def note(self, epochs: list[float | None], seconds: float) -> None:
        """Validation UA of all epochs until now, and what they took."""
        self.epochs, self.seconds = epochs, seconds

    def end(self, result: str = "", error: SerError | None = None) -> None:
        """It is done: with a result, or with an error for those who wait for one."""
        self.result, self.error = result, error
        self.done.set()

    def withdraw(self) -> None:
        """End it, because nobody wants it."""
        self.end(error=WithdrawnError(f"{self} was withdrawn after {len(self.epochs)} epochs"))

    def lost(self) -> TrainingError:
        """What it ends with when it has lost its workers too often."""
        reason = self.last_error or "its process was killed"
        return TrainingError(
            f"{self} lost its workers {self.losses} times; the last time: {reason}"
        )

    def without_memory(self, found: str) -> TrainingError:
        """What it ends with when a worker found no memory."""
        batch_size = json.loads(self.job.experiment)["train"]["batch_size"]
        return TrainingError(
            f"out of memory: {self}: {found}; lower train.batch_size (now {batch_size}), or give "
            "its workers more memory"
        )

    def __str__(self) -> str:
        return f"fold {self.job.fold.number} of run {self.job.run_key}"
