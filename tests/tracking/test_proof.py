"""What a final's test answers prove, and the board that MLflow's own UI shows."""

import json

import pytest

from ser_platform.config.schema import TrackingConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.assess import assess
from ser_platform.tracking.board_view import view, view_key, view_tag
from ser_platform.tracking.layout import tags
from ser_platform.tracking.points import finished_ms
from ser_platform.tracking.proof import Final, proof
from ser_platform.tracking.registry import registered_name
from ser_platform.tracking.uri import ui_link
from tests.runs import PROTOCOL, run_result, unvalidated


def test_a_final_has_intervals_recalls_and_calibration_beside_its_scores() -> None:
    run = run_result(1, role="final", right=0.6)
    evidence, found = assess([run]), {p.key: p.value for p in proof(Final(run))}
    assert found["test_ua_low"] == evidence.pooled["ua"].low
    assert found["test_wa_high"] == evidence.pooled["wa"].high
    assert found["test_macro_f1"] == evidence.pooled["macro_f1"].value
    assert {k: v for k, v in found.items() if k.startswith("recall/")} == {
        f"recall/{name}": pytest.approx(0.6) for name in EMOTIONS
    }
    assert found["ece"] == evidence.calibration.plain.ece
    assert evidence.calibration.scaled is not None
    assert found["ece_scaled"] == evidence.calibration.scaled.ece
    assert found["ece_scaled"] < found["ece"]


def test_the_same_result_gives_the_same_points_whenever_it_is_logged() -> None:
    run = run_result(1, role="final", right=0.7)
    assert proof(Final(run)) == proof(Final(run.model_copy(deep=True)))
    assert {(p.step, p.timestamp_ms) for p in proof(Final(run))} == {(0, finished_ms(run))}


def test_without_validation_there_is_no_temperature_and_no_scaled_error() -> None:
    found = {p.key for p in proof(Final(unvalidated(run_result(1, role="final"))))}
    assert "ece" in found
    assert "ece_scaled" not in found


def test_a_run_says_its_protocol_in_words_and_its_seed() -> None:
    found = tags(run_result(1, role="final", seed=3))
    assert found["ser.seed"] == "3"
    assert found["ser.protocol"] == (
        "corpus iemocap · split session (validation=speaker (seed=0)) · selection shared"
    )


def test_a_view_has_finals_of_one_protocol_best_first_and_a_link_of_its_own() -> None:
    state = json.loads(view("0a1b2c3d"))
    assert state["searchFilter"] == (
        "tags.`ser.role` = 'final' AND tags.`ser.protocol_id` = '0a1b2c3d' "
        "AND tags.`ser.state` = 'complete'"
    )
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`test_ua`", False)
    assert "metrics.`test_ua_low`" in state["selectedColumns"]
    assert view_tag("0a1b2c3d") == "mlflow.sharedViewState.ser-0a1b2c3d"
    assert ui_link("http://mlflow:5000", "7", view_key("0a1b2c3d")) == (
        "http://mlflow:5000/#/experiments/7/runs?workflowType=machine_learning"
        "&viewStateShareKey=ser-0a1b2c3d"
    )


@pytest.mark.parametrize(
    ("corpus", "name"),
    [("iemocap", "ser-iemocap"), ("my/own: corpus", "ser-my-own-corpus"), ("//", "ser")],
)
def test_a_registered_model_is_named_by_its_corpus_as_far_as_mlflow_takes_it(
    corpus: str, name: str
) -> None:
    run = run_result(1, role="final", protocol={**PROTOCOL, "corpus": corpus})
    assert registered_name("", run) == name
    assert registered_name("ours", run) == "ours"


def test_a_name_that_mlflow_refuses_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="'a/b' cannot name a registered model; use letters"):
        TrackingConfig(registered_model="a/b")
