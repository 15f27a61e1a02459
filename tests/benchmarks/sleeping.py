"""A corpus whose folds mostly sleep; in a file of its own, so that Ray's workers can load it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields

from ser_platform.dataset import Dataset, Rows

SLEEP_S = 4.0
"""Of each fold that is trained: it asks for the rows of two parts, and waits half of it each."""


@dataclass(frozen=True)
class SleepingDataset(Dataset):
    """Like the one that it is made of, but in no hurry."""

    def rows(self, ids: Iterable[str]) -> Rows:
        time.sleep(SLEEP_S / 2)
        return super().rows(ids)


def sleeping(dataset: Dataset) -> SleepingDataset:
    return SleepingDataset(**{f.name: getattr(dataset, f.name) for f in fields(Dataset)})
