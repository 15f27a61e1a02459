"""What a study cost, what pruning saved, and whether each architecture got its share."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ser_platform.config.schema import ExperimentFile
from ser_platform.pages.page import Table
from ser_platform.tune.record import ENDED, Record


class Cost(NamedTuple):
    """Seconds of training, not of waiting."""

    seconds: float
    gpu_seconds: float
    saved_s: float
    """What the pruned trials would have cost more, had they cost what the complete ones of their
    architecture cost on the average."""

    @property
    def saved(self) -> float:
        """Share of what the study would have cost without pruning."""
        return self.saved_s / (self.seconds + self.saved_s) if self.saved_s else 0.0


def cost(found: Sequence[Record]) -> Cost:
    """Of all trials, running ones as far as they came."""
    each_s = {r.architecture: _mean_s(found, r.architecture) for r in found}
    saved_s = sum(
        max(each_s[r.architecture] - r.seconds, 0.0) for r in found if r.state == "pruned"
    )
    return Cost(sum(r.seconds for r in found), sum(r.gpu_seconds for r in found), saved_s)


def cost_table(found: Sequence[Record]) -> Table:
    """Trials and seconds by architecture."""
    rows = []
    for name in sorted({r.architecture for r in found if r.architecture}):
        own = [r for r in found if r.architecture == name]
        spent = cost(own)
        counts = [sum(r.state == state for r in own) for state in ENDED]
        rows.append(
            [name, *map(str, counts), f"{_mean_s(own, name):,.1f}", f"{spent.seconds:,.0f}",
             f"{spent.gpu_seconds:,.0f}", f"{spent.saved_s:,.0f} ({spent.saved:.0%})"]
        )  # fmt: skip
    columns = [
        *("architecture", *ENDED, "s per complete trial", "seconds", "GPU seconds"),
        "saved by pruning (estimate), s",
    ]
    return Table("Seconds of training over all folds, without waiting.", columns, rows)


def least_share(file: ExperimentFile) -> float:
    """Share of the trials that each architecture is promised."""
    if file.study.min_share is not None:
        return file.study.min_share
    return 0.5 / len(file.architectures)


def quota_table(file: ExperimentFile, found: Sequence[Record]) -> Table:
    """Trials of each architecture against what it was promised."""
    ended = [r for r in found if r.state in ENDED]
    least = least_share(file)
    rows = []
    for name in file.architectures:
        count = sum(r.architecture == name for r in ended)
        # A share of an odd number of trials is no whole number of them.
        kept = count >= np.floor(least * len(ended))
        share = count / len(ended) if ended else 0.0
        rows.append(
            [name, str(count), f"{share:.0%}", f"{least:.0%}", "kept" if kept else "not kept"]
        )
    columns = ["architecture", "trials that ended", "share", "promised at least", "quota"]
    return Table("Whether each architecture got the trials that it was promised.", columns, rows)


def _mean_s(found: Sequence[Record], architecture: str) -> float:
    seconds = [r.seconds for r in found if (r.architecture, r.state) == (architecture, "complete")]
    return float(np.mean(seconds)) if seconds else 0.0
