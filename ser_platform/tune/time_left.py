"""How long a study still takes, from the trials that ended and how many run at once."""

from collections.abc import Sequence

import numpy as np

_LATEST = 20
"""Trials that count: a sampler may move to settings that cost more or less."""


def time_left_s(
    ended_s: Sequence[float], running_s: Sequence[float], left: int, at_once: int
) -> float | None:
    """Seconds until the last trial ends; None before the first ended.

    Args:
        ended_s: wall seconds of the trials that ended, the latest last.
        running_s: seconds since each running one began.
        left: trials that did not begin yet.
        at_once: how many run together.
    """
    if left == 0 and not running_s:
        return 0.0
    if not ended_s:
        return None
    each_s = float(np.mean(ended_s[-_LATEST:]))
    open_s = [max(each_s - begun_s, 0.0) for begun_s in running_s]
    shared_s = (sum(open_s) + left * each_s) / max(at_once, 1)
    # The last to begin takes its whole time, however many run beside it.
    return max(shared_s, max(open_s, default=0.0), each_s if left else 0.0)


def in_words(seconds: float) -> str:
    """``42 s``, ``7 min``, ``3 h 20 min``, ``2 d 4 h``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
