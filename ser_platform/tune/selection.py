"""What settings are selected by, and what it is called: UA, and of which part."""

from collections.abc import Sequence
from typing import NamedTuple

import optuna

from ser_platform.config.schema import ExperimentFile
from ser_platform.results import SELECTED_ON
from ser_platform.tune import attributes


class Score(NamedTuple):
    """Names of what trials are compared by."""

    words: str
    """In a sentence, at an axis."""
    short: str
    """In a table or a line of the log."""
    key: str
    """For programs."""


VALIDATION = Score("validation UA", "val UA", "val_ua")
TEST = Score("test UA", "TEST UA", "test_ua")
"""With ``selection: best_on_test``: nobody is to take it for the other."""


def order_of(values: Sequence[float]) -> tuple[float, ...]:
    """The lower, the better: UA as high, then the other goals as few as they get.

    Without those, of two settings with one UA that might be selected which the other beats.
    """
    ua, *others = values
    return (-ua, *others)


def score_by(*, on_test: bool) -> Score:
    """The score of a search whose test part chooses, or does not."""
    return TEST if on_test else VALIDATION


def score_of(study: optuna.Study, file: ExperimentFile) -> Score:
    """The score of a study that is there: the file may have changed since.

    A study from before protocols were recorded is taken to be as the file is.
    """
    protocol = study.user_attrs.get(attributes.PROTOCOL)
    if protocol is None:
        return score_by(on_test=file.selects_on_test)
    return score_by(on_test=protocol.get(SELECTED_ON) == "test")
