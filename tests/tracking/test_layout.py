"""What a result becomes in MLflow; no MLflow is needed to know."""

import subprocess
import sys

import pytest

from ser_platform.tracking.layout import params, points, run_name, study_tags, tags
from tests.runs import FINISHED_AT, fold_result, run_result, study_info


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
    assert {point.key for point in points(run)} == {"seconds"}
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
