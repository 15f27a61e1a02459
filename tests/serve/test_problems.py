"""What clients are told of what goes wrong, and what is for the log alone."""

import logging

import pytest

from ser_platform.errors import EngineError, FeatureError
from ser_platform.serve.problems import ServeError, as_response, problem_of


def test_of_an_engine_no_folder_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        status, problem = problem_of(EngineError("/srv/models/base.en holds no model.bin"))
    assert (status, problem.kind) == (503, "unavailable")
    assert "/srv" not in problem.message
    assert "/srv/models/base.en holds no model.bin" in caplog.text


def test_of_the_inside_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    status, problem = problem_of(ZeroDivisionError("secret"))
    assert (status, problem.kind) == (500, "internal")
    assert "secret" not in problem.message
    assert "secret" in caplog.text


def test_who_is_told_to_come_back_is_told_when() -> None:
    response = as_response(ServeError(503, "busy", "too many", retry_s=1))
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "retry-after" not in as_response(FeatureError("x: no sound")).headers
