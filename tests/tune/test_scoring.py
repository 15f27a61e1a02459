"""A selection meets the test part once, and the next one is counted."""

import logging
from pathlib import Path

import pytest

from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.scoring import count_scoring
from tests.tune.studies import both, make


@pytest.fixture
def opened(tmp_path: Path) -> OpenStudy:
    study = make(both(tmp_path), ["complete", "complete"])
    return OpenStudy(study, wanted=2, num_folds=5, fold=None)


def test_the_same_selection_is_one_scoring_however_often_the_command_is_run(opened) -> None:
    assert [count_scoring(opened, ["a", "b"]) for _ in range(3)] == [1, 1, 1]


def test_another_selection_is_the_second_look_and_is_told_as_such(
    opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert count_scoring(opened, ["a", "b"]) == 1
    assert not caplog.records
    assert count_scoring(opened, ["a", "c"]) == 2
    (said,) = caplog.records
    assert said.getMessage() == (
        "study  x-ab12: selection 2 to be scored on the same test part; it is recorded as such"
    )
    assert count_scoring(opened, ["a", "b"]) == 1
