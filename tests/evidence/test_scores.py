"""Scores of many matrices at once, against scikit-learn on the answers behind them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score

from ser_platform.evidence.scores import macro_f1, recalls, ua, wa
from tests.evidence.worlds import CLASSES

matrices = arrays(np.int64, (CLASSES, CLASSES), elements=st.integers(0, 30)).filter(np.any)
"""Also with classes that nobody has, and with classes that are never answered."""
on_any_matrix = settings(max_examples=60, deadline=None, derandomize=True)


def behind(matrix: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and answered classes that a matrix counts."""
    true, predicted = np.indices(matrix.shape).reshape(2, -1)
    return np.repeat(true, matrix.ravel()), np.repeat(predicted, matrix.ravel())


@given(matrix=matrices)
@on_any_matrix
def test_wa_is_accuracy(matrix: NDArray[np.int64]) -> None:
    assert wa(matrix) == pytest.approx(accuracy_score(*behind(matrix)), abs=1e-12)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@given(matrix=matrices)
@on_any_matrix
def test_ua_is_balanced_accuracy(matrix: NDArray[np.int64]) -> None:
    assert ua(matrix) == pytest.approx(balanced_accuracy_score(*behind(matrix)), abs=1e-12)


@given(matrix=matrices)
@on_any_matrix
def test_f1_is_averaged_over_the_classes_that_somebody_has(matrix: NDArray[np.int64]) -> None:
    true, predicted = behind(matrix)
    expected = f1_score(true, predicted, labels=np.unique(true), average="macro")
    assert macro_f1(matrix) == pytest.approx(expected, abs=1e-12)


@given(matrix=matrices)
@on_any_matrix
def test_a_recall_is_that_of_its_class_and_missing_without_one(matrix: NDArray[np.int64]) -> None:
    true, predicted = behind(matrix)
    for c, found in enumerate(recalls(matrix)):
        if c in true:
            alone = recall_score(true == c, predicted == c)
            assert found == pytest.approx(alone, abs=1e-12)
        else:
            assert np.isnan(found)


def test_many_matrices_are_scored_as_each_of_them(rng: np.random.Generator) -> None:
    many = rng.integers(1, 30, (5, 3, CLASSES, CLASSES))
    for score in (wa, ua, macro_f1):
        each = [[float(score(matrix)) for matrix in row] for row in many]
        assert np.array_equal(score(many), each)
