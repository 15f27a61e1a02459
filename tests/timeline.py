"""Nodes of a growing cluster and trials of a study over the same time, as a picture."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial

History = Sequence[tuple[float, Counter[str]]]
"""Time in seconds since the epoch, and nodes by type that lived then."""
_AFTER_S = 6


def draw(history: History, trials: Sequence[FrozenTrial], wanted: int, path: Path) -> None:
    """Write a PNG.

    Args:
        history: of the cluster.
        trials: that ended, with their times.
        wanted: trials of the study.
        path: of the file.
    """
    # A step shows what it leads to only if something follows.
    history = [*history, (history[-1][0] + _AFTER_S, history[-1][1])]
    times = np.array([time for time, _ in history])
    minutes = (times - times[0]) / 60
    sheet = Figure(figsize=(9, 5), dpi=120, layout="constrained")
    upper, lower = sheet.subplots(2, 1, sharex=True)
    below = np.zeros(len(times))
    for kind, colour in zip(_kinds(history), ("#4c72b0", "#dd8452", "#55a868"), strict=False):
        nodes = np.array([found[kind] for _, found in history])
        label = f"{kind} nodes"
        upper.fill_between(minutes, below, below + nodes, step="post", color=colour, label=label)
        below += nodes
    started = np.array([_stamp(trial, "datetime_start") for trial in trials])
    ended = np.array([_stamp(trial, "datetime_complete") for trial in trials])
    begun, over = ((times[:, None] >= when).sum(axis=1) for when in (started, ended))
    lower.step(minutes, wanted - begun, where="post", color="#8c8c8c", label="trials to come")
    lower.step(minutes, begun - over, where="post", color="#c44e52", label="trials that run")
    lower.step(minutes, over, where="post", color="#55a868", label="trials that ended")
    lower.set_xlabel("minutes since the head was up")
    for part in (upper, lower):
        part.set_ylim(bottom=0)
        part.yaxis.get_major_locator().set_params(integer=True)
        part.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    sheet.savefig(path)


def _kinds(history: History) -> list[str]:
    return sorted({kind for _, found in history for kind in found}, reverse=True)


def _stamp(trial: FrozenTrial, name: str) -> float:
    """In seconds since the epoch; Optuna keeps local time."""
    return getattr(trial, name).timestamp()
