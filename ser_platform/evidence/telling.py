"""The few answers that tell most: what pictures of attention are made of."""

from collections.abc import Iterator

import numpy as np

from ser_platform.emotions import EMOTIONS
from ser_platform.results import Predictions


def telling(predictions: Predictions) -> Iterator[int]:
    """For each class its most certain right answer and its most certain wrong one, if any."""
    probabilities, true = np.asarray(predictions.probabilities), np.asarray(predictions.true)
    is_right, certainty = probabilities.argmax(axis=1) == true, probabilities.max(axis=1)
    for emotion in range(len(EMOTIONS)):
        for wanted in (True, False):
            candidates = np.flatnonzero((true == emotion) & (is_right == wanted))
            if len(candidates):
                yield int(candidates[certainty[candidates].argmax()])


def picture_name(predictions: Predictions, row: int) -> str:
    """``ang-right.png``: the true class of an answer, and whether it is right."""
    true = predictions.true[row]
    is_right = int(np.argmax(predictions.probabilities[row])) == true
    return f"{EMOTIONS[true]}-{'right' if is_right else 'wrong'}.png"
