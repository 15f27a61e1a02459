"""A fold as work: everything a worker group has to be told."""

from dataclasses import dataclass, replace

from ser_platform.corpora.folds import Fold
from ser_platform.train.resident import Resident


@dataclass(frozen=True)
class FoldJob:
    """One fold to be trained, and scored on test if its setting is selected."""

    run_key: str
    fold: Fold
    experiment: str
    """The complete setting as JSON."""
    dataset: Resident
    """The corpus; without its test part unless that is to be scored."""
    store: str
    """URL of the object store."""
    score_test: bool

    @property
    def name(self) -> str:
        """Equal for equal work."""
        return (
            f"{self.run_key}/fold{self.fold.number}/{'scored' if self.score_test else 'trained'}"
        )

    @property
    def without_ids(self) -> "FoldJob":
        """What is kept of it once it is done: the ids of its utterances are most of its memory."""
        return replace(self, fold=replace(self.fold, train=(), validation=(), test=()))
