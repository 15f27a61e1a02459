"""Whether probabilities mean what they say (Guo et al. 2017, "On Calibration")."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.entries import Bin, Calibration, Reliability
from ser_platform.results import Predictions, RunResult

_BINS = 15
"""Of equal width, as Guo et al. have it."""
_LONGEST = 20.0
"""Bound of a temperature, above and (its inverse) below."""


def calibration(results: Sequence[RunResult]) -> Calibration:
    """Of all test parts together; each training softened by what its own validation part says."""
    folds = [fold for result in results for fold in result.folds]
    tests = [fold.test for fold in folds if fold.test is not None]
    true = np.concatenate([test.true for test in tests])
    plain = reliability(np.concatenate([test.probabilities for test in tests]), true)
    validations = [fold.validation for fold in folds if fold.validation is not None]
    if len(validations) < len(tests):
        return Calibration(plain=plain, scaled=None, temperatures=())
    found = [temperature(part) for part in validations]
    softened = [
        scaled(np.asarray(test.probabilities), t) for test, t in zip(tests, found, strict=True)
    ]
    return Calibration(
        plain=plain,
        scaled=reliability(np.concatenate(softened), true),
        temperatures=tuple(found),
    )


def temperature(validation: Predictions) -> float:
    """What the logits of a training are divided by: the least log loss on its validation part.

    Between 1/20 and 20: where every answer is right, the less the better.
    """
    logits = _logits(np.asarray(validation.probabilities))
    answers = np.arange(len(logits)), np.asarray(validation.true)
    found = minimize_scalar(
        lambda log_t: -np.mean(log_softmax(logits / np.exp(log_t), axis=1)[answers]),
        bounds=(-np.log(_LONGEST), np.log(_LONGEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def scaled(probabilities: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Softmax of the logits over ``t``."""
    return softmax(_logits(probabilities) / t, axis=1)


def reliability(probabilities: NDArray[np.float64], true: NDArray[np.int64]) -> Reliability:
    """Accuracy by confidence, and how far one is from the other."""
    confidence = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == true
    edges = np.linspace(0, 1, _BINS + 1)
    places = np.clip(np.searchsorted(edges, confidence) - 1, 0, _BINS - 1)
    bins = tuple(
        Bin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            utterances=int((own := places == place).sum()),
            confidence=float(confidence[own].mean()),
            accuracy=float(is_right[own].mean()),
        )
        for place in np.unique(places)
    )
    off = sum(b.utterances * abs(b.accuracy - b.confidence) for b in bins)
    return Reliability(ece=off / len(true), log_loss=_log_loss(probabilities, true), bins=bins)


def _logits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Up to a constant of each utterance, which no softmax sees."""
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))


def _log_loss(probabilities: NDArray[np.float64], true: NDArray[np.int64]) -> float:
    exact = probabilities / probabilities.sum(axis=1, keepdims=True)  # stored as float32
    return float(log_loss(true, exact, labels=range(len(EMOTIONS))))
