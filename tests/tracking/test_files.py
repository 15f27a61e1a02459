import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.assess import assess
from ser_platform.evidence.entries import Evidence
from ser_platform.results import RunResult
from ser_platform.tracking.figure import draw_confusion
from ser_platform.tracking.files import write_evidence_files, write_run_files
from ser_platform.tracking.proof import Final
from tests.runs import fold_result, predictions, run_result


@pytest.fixture
def final(tmp_path: Path) -> RunResult:
    run = run_result(role="final", right=0.5)
    write_run_files(run, tmp_path)
    return run


def test_the_result_comes_back_whole(final: RunResult, tmp_path: Path) -> None:
    assert RunResult.model_validate_json((tmp_path / "result.json").read_bytes()) == final


def test_confusions_are_counted_by_true_class_and_add_up_over_folds(
    final: RunResult, tmp_path: Path
) -> None:
    found = json.loads((tmp_path / "confusion.json").read_text())
    assert found["labels"] == ["ang", "hap", "neu", "sad"]
    assert (found["rows"], found["columns"]) == ("true", "predicted")
    # Of 10 utterances a class and fold, the first half is right, the rest is called the next.
    assert found["test"]["fold1"] == [[5, 5, 0, 0], [0, 5, 5, 0], [0, 0, 5, 5], [5, 0, 0, 5]]
    assert np.array_equal(found["test"]["pooled"], 5 * np.array(found["test"]["fold1"]))
    assert sorted(found["validation"]) == ["fold1", "fold2", "fold3", "fold4", "fold5", "pooled"]


def test_a_trial_shows_validation_only(tmp_path: Path) -> None:
    write_run_files(run_result(), tmp_path)
    assert "test" not in json.loads((tmp_path / "confusion.json").read_text())
    assert (tmp_path / "confusion.png").exists()


def test_settings_data_and_versions_lie_beside_the_result(
    final: RunResult, tmp_path: Path
) -> None:
    for name, content in [
        ("experiment.json", final.experiment),
        ("data.json", {"features": "feedbeef"}),
        ("environment.json", {"torch": "2.13.0"}),
    ]:
        assert json.loads((tmp_path / name).read_text()) == content


def test_the_picture_of_a_final_is_of_its_test_part(tmp_path: Path) -> None:
    folds = tuple(
        fold_result(n, right=0.9).model_copy(update={"test": predictions(0.5, n)})
        for n in range(1, 6)
    )
    write_run_files(run_result(role="final", folds=folds), tmp_path)
    title = "demo, wise: test, 5 of 5 folds\nWA 50.0%, UA 50.0% (pooled)"
    matrix = np.sum([predictions(0.5, n).matrix for n in range(1, 6)], axis=0)
    draw_confusion(matrix, EMOTIONS, title, tmp_path / "expected.png")
    drawn, expected = (imread(tmp_path / name) for name in ("confusion.png", "expected.png"))
    assert np.array_equal(drawn, expected)


def test_a_run_without_folds_has_no_picture(tmp_path: Path) -> None:
    write_run_files(run_result(folds=(), state="failed", reason="boom"), tmp_path)
    assert not (tmp_path / "confusion.png").exists()


def test_the_picture_is_darkest_where_most_of_a_class_went(tmp_path: Path) -> None:
    matrix = np.array([[90, 10], [0, 0]])  # nothing of the second class: no share, no warning
    draw_confusion(matrix, ("yes", "no"), "title", tmp_path / "c.png", "note")
    pixels = imread(tmp_path / "c.png")[..., :3].mean(axis=2)
    assert pixels.shape > (400, 400)
    height, width = pixels.shape
    cell = pixels[: height // 2, : width // 2]
    assert np.quantile(cell, 0.3) < 0.5 < np.quantile(pixels[height // 2 :], 0.3)


def test_a_complete_final_has_its_evidence_and_two_more_pictures(tmp_path: Path) -> None:
    run = run_result(role="final", right=0.7)
    write_evidence_files(Final(run), tmp_path)
    assert Evidence.model_validate_json((tmp_path / "evidence.json").read_text()) == assess([run])
    for name in ("curves.png", "reliability.png"):
        assert np.ptp(imread(tmp_path / name)) == 1  # something is drawn on white
