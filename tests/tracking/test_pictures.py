"""Pictures of attention, logged and read back."""

from pathlib import Path

import pytest

from ser_platform.errors import TrackingError
from ser_platform.tracking.pictures import read_pictures
from ser_platform.tracking.read import read_finals
from tests.runs import run_result
from tests.tracking.looking import EXPERIMENT, new_tracker

pytestmark = pytest.mark.slow


def test_pictures_come_back_by_run_and_name(uri: str) -> None:
    tracker = new_tracker(uri)
    tracker.start()
    drawn, plain = run_result(1, role="final"), run_result(2, role="final")
    tracker.log(
        drawn, None, {"attention/ang-right.png": b"right", "attention/sad-wrong.png": b"w"}
    )
    tracker.log(plain)
    assert tracker.finish("FINISHED") == 0
    found = {f.result.number: f.run_id for f in read_finals(uri, EXPERIMENT).runs if f.result}
    pictures = read_pictures(uri, found.values())
    assert pictures == {found[1]: {"ang-right.png": b"right", "sad-wrong.png": b"w"}}


def test_a_run_that_is_not_there_is_an_error_of_tracking(uri: str) -> None:
    with pytest.raises(TrackingError, match=r"^MLflow at .*write the page without pictures$"):
        read_pictures(uri, ["0" * 32])


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert read_pictures(f"sqlite:///{tmp_path / 'none.db'}", []) == {}
    assert not (tmp_path / "none.db").exists()
