"""What a result becomes in MLflow; no MLflow is needed to know."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from ser_platform.results import FoldResult
from ser_platform.tracking.files import confusions
from ser_platform.tracking.layout import params, run_name, study_name, study_tags, tags
from ser_platform.tracking.points import points
from tests.runs import (
    FINISHED_AT,
    fold_result,
    looked_run,
    run_result,
    study_info,
    unvalidated,
)


def values(**changes: object) -> dict[str, float]:
    """Last value of each metric."""
    return {point.key: point.value for point in points(run_result(**changes))}  # type: ignore[arg-type]


def test_a_trial_has_scores_on_validation_only() -> None:
    found = values(right=0.5)
    assert found["val_ua"] == found["val_wa"] == 0.5
    assert not any("test" in key for key in found)


def test_a_final_has_pooled_mean_and_spread_on_test_and_each_fold() -> None:
    folds = tuple(
        fold_result(n, right=right, test=True) for n, right in enumerate((0.5, 0.7, 0.9), start=1)
    )
    found = values(role="final", folds=folds, num_folds=3)
    assert found["test_wa"] == pytest.approx(0.7)
    assert found["test_ua_mean"] == pytest.approx(0.7)
    assert found["test_wa_std"] == pytest.approx(0.2)
    assert [found[f"fold{n}/test_wa"] for n in (1, 2, 3)] == [0.5, 0.7, 0.9]
    assert found["num_parameters"] == 12_345
    assert found["seconds"] == 18
    assert found["fold2/seconds"] == 6


def test_a_share_of_a_gpu_costs_a_share_of_its_seconds() -> None:
    folds = tuple(fold_result(n).model_copy(update={"gpus": 0.25}) for n in range(1, 6))
    assert values(folds=folds)["gpu_seconds"] == 0.25 * 30
    assert values()["gpu_seconds"] == 0


def test_a_result_from_before_gpus_were_counted_still_loads() -> None:
    stored = fold_result(1).model_dump(mode="json")
    del stored["gpus"]
    assert FoldResult.model_validate_json(json.dumps(stored)).gpu_seconds == 0


def test_each_curve_has_a_point_per_epoch_on_the_clock_of_its_fold() -> None:
    curve = [p for p in points(run_result(right=0.5)) if p.key == "fold2/val_ua"]
    assert [(p.step, p.value) for p in curve] == [(1, 0.25), (2, 0.5), (3, 0.125)]
    ended_ms = round((FINISHED_AT + 20) * 1000)
    assert [p.timestamp_ms for p in curve] == [ended_ms - 4000, ended_ms - 2000, ended_ms]


def test_the_kept_epoch_is_not_confused_with_the_last() -> None:
    found = values(right=0.5)
    assert found["fold1/best_val_ua"] == 0.5
    assert found["fold1/val_ua"] == 0.125
    assert found["fold1/best_epoch"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"folds": tuple(fold_result(n) for n in (1, 2, 3, 4))},
        {"state": "failed", "reason": "fold 3: the loss is not finite"},
        {"role": "final", "folds": tuple(fold_result(n) for n in range(1, 6))},  # not tested yet
    ],
)
def test_a_run_that_is_not_whole_has_no_score(changes: dict[str, object]) -> None:
    found = values(**changes)
    assert "val_ua" not in found
    assert "test_ua" not in found
    assert found["fold1/best_val_ua"] == 0.5


def test_nothing_trained_is_a_failed_run_without_folds() -> None:
    run = run_result(folds=(), state="failed", reason="the workers kept dying")
    assert {point.key for point in points(run)} == {"seconds", "gpu_seconds"}
    assert tags(run)["ser.reason"] == "the workers kept dying"


def test_missing_folds_are_counted_in_the_reason() -> None:
    run = run_result(folds=(fold_result(1), fold_result(4)))
    assert tags(run)["ser.state"] == "failed"
    assert tags(run)["ser.reason"] == "2 of 5 folds are finished"


def test_every_setting_is_a_param_by_its_dotted_name() -> None:
    run = run_result(
        experiment={
            "corpus": {"kind": "table", "labels": {"Ärger!": "ang"}, "ignore_labels": []},
            "model": {"kind": "wise", "dropout": 0.3, "classifier": [200, 100]},
            "train": {"patience": None},
        },
        settings={"model.dropout": 0.3, "train.learning_rate": 1e-3},
    )
    assert params(run) == {
        "corpus.kind": "table",
        "corpus.labels": '{"\\u00c4rger!": "ang"}',
        "corpus.ignore_labels": "[]",
        "model.kind": "wise",
        "model.dropout": "0.3",
        "model.classifier": "[200, 100]",
        "train.patience": "null",
        "train.learning_rate": "0.001",
    }


def test_names_say_what_a_run_is() -> None:
    assert run_name(run_result(7)) == "wise trial 7"
    assert run_name(run_result(7, role="final")) == "wise final"
    assert run_name(run_result(None, role="final", settings={})) == "wise final"


def test_synthetic_speech_is_said_wherever_a_score_is_shown() -> None:
    note = "Synthetic speech: scores mean nothing about people."
    assert note in tags(run_result(synthetic=True))["mlflow.note.content"]
    assert note in study_tags(study_info(synthetic=True))["mlflow.note.content"]
    assert tags(run_result(synthetic=True))["ser.synthetic"] == "true"
    assert "mlflow.note.content" not in tags(run_result())


def test_a_door_may_import_the_tracker_without_waiting_for_mlflow() -> None:
    code = "import sys, ser_platform.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_error_rate_of_other_words_than_the_corpus_s_own_is_a_metric() -> None:
    rates = {"wer": 0.147, "cer": 0.1, "emotions": {"ang": {"wer": 0.2}, "sad": {"wer": None}}}
    found = values(data={"transcript": rates})
    assert {name: value for name, value in found.items() if "transcript" in name} == {
        "transcript/wer": 0.147,
        "transcript/cer": 0.1,
        "transcript/wer/ang": 0.2,
    }
    assert not any("transcript" in name for name in values())


def test_a_point_of_a_sweep_is_named_by_its_value() -> None:
    run = run_result(None, role="final", settings={"transcript.wer": 0.147})
    assert run_name(run) == "wise final transcript.wer=0.147"
    assert run_name(run_result(3, role="final")) == "wise final"


def test_what_was_selected_on_test_is_flagged_and_shows_the_gap() -> None:
    run = looked_run(1, role="final", right=0.8, honest=0.7)
    assert tags(run)["ser.selected_on_test"] == "true"
    assert tags(run)["mlflow.note.content"] == (
        "Selected on the test part (selection: best_on_test): scores that test chose are no "
        "estimate of what the system does on speech that nobody looked at. Chosen without "
        "looking, the same training scores UA 70.0 %: a gap of 10.0 points."
    )
    worse = looked_run(1, role="final", right=0.7, honest=0.72)
    assert tags(worse)["mlflow.note.content"].endswith("UA 72.5 %: a gap of -2.5 points.")
    assert run_name(run) == "wise final SELECTED ON TEST"
    found = {point.key: point.value for point in points(run) if point.step == 0}
    assert found["test_ua"] == pytest.approx(0.8)
    assert found["test_ua_honest"] == found["test_wa_honest"] == pytest.approx(0.7)
    assert found["selection_gap_ua"] == pytest.approx(0.1)
    assert (found["fold1/best_epoch"], found["fold1/honest_epoch"]) == (3, 2)
    assert found["fold1/test_ua_honest"] == pytest.approx(0.7)
    curve = [p.value for p in points(run) if p.key == "fold1/epoch_test_ua"]
    assert curve == [0.2, 0.7, 0.8]
    assert set(confusions(run)) > {"validation", "test", "honest_test"}


def test_a_trial_that_looks_at_test_is_flagged_too_even_when_it_failed() -> None:
    trial = looked_run(3)
    assert tags(trial)["ser.selected_on_test"] == "true"
    assert run_name(trial) == "wise trial 3 SELECTED ON TEST"
    assert {p.key for p in points(trial)} >= {"test_ua", "selection_gap_ua"}
    failed = looked_run(3, folds=(), state="failed", reason="boom")
    assert tags(failed)["ser.selected_on_test"] == "true"
    assert tags(failed)["mlflow.note.content"].startswith("Selected on the test part")


def test_a_study_that_looks_at_test_is_flagged() -> None:
    looking = replace(study_info(), selected_on_test=True)
    assert study_tags(looking)["ser.selected_on_test"] == "true"
    assert study_tags(looking)["mlflow.note.content"].startswith("Selected on the test part")
    assert study_name(looking) == "demo SELECTED ON TEST"


def test_nothing_of_it_is_on_honest_results() -> None:
    run = run_result(1, role="final")
    assert "ser.selected_on_test" not in tags(run) | study_tags(study_info())
    assert study_name(study_info()) == "demo"
    keys = {point.key for point in points(run)}
    assert not any("honest" in key or "gap" in key or "epoch_test" in key for key in keys)
    assert "honest_test" not in confusions(run)


def test_without_validation_there_are_no_values_of_it_and_no_gaps() -> None:
    run = unvalidated(run_result(None, role="final", right=0.6))
    found = {point.key: point.value for point in points(run)}
    assert found["test_ua"] == pytest.approx(0.6)
    assert "fold1/train_loss" in found
    assert not any("val" in key for key in found)
    assert all(isinstance(value, int | float) for value in found.values())
    assert "validation" not in confusions(run)


def test_a_nested_result_says_what_each_fold_was_given() -> None:
    run = run_result(
        None,
        role="final",
        settings={},
        fold_settings={1: {"model.dropout": 0.1}, 2: {"model.dropout": 0.4}},
    )
    assert params(run) == {
        "name": "demo",
        "model.kind": "wise",
        "fold1.model.dropout": "0.1",
        "fold2.model.dropout": "0.4",
    }
    assert run_name(run) == "wise final nested"


def test_a_second_scoring_is_recorded_as_such() -> None:
    first, second = run_result(1, role="final"), run_result(1, role="final", scoring=2)
    assert tags(first)["ser.scoring"] == "1"
    assert "mlflow.note.content" not in tags(first)
    assert tags(second)["ser.scoring"] == "2"
    assert tags(second)["mlflow.note.content"] == (
        "The second selection of this study that was scored on this test part."
    )
    assert "ser.scoring" not in tags(run_result(1))
