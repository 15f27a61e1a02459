"""Each invariant holds for a study that is as it has to be, and names what is made wrong in it."""

from dataclasses import replace

import pytest

from tests.chaos.found import Found, Logged, Row, Traces, Trial
from tests.chaos.invariants import (
    INVARIANTS,
    Invariant,
    bytes_verified,
    ends_told,
    every_fold_once,
    faults_met,
    no_secret,
    nobody_left,
    nothing_temporary,
    runs_ended,
    same_histories,
    same_numbers,
    same_selection,
    trials_ended,
)

ONE, TWO = (("heads", 1),), (("heads", 2),)
CURVE = ((1, 0.3), (2, 0.4))
TRIAL = Logged("trial", "k", "0", "FINISHED", {"val_ua": CURVE})
FINAL = Logged("final", "k", "0", "FINISHED", {"test_ua": ((0, 0.5),)})
ROW = Row("wise", "k", ONE, folds=2, wa=0.6, ua=0.5)
FOLDS = {f"runs/k/fold{n}/trained.json": {"epochs": [{"train_loss": 1.25}]} for n in (1, 2)}
UNDISTURBED = Found(
    folds=FOLDS,
    trials=(Trial(0, "COMPLETE", ONE), Trial(1, "COMPLETE", TWO)),
    logged=(TRIAL, FINAL),
    versions={"ser-demo": ("wise",)},
    board=(ROW,),
    unranked=(),
    keys=("features/v1/1f/1f3a.st", *FOLDS),
    damaged=(),
)
DISTURBED = replace(
    UNDISTURBED,
    trials=(
        Trial(0, "FAIL", ONE, interrupted=True),
        Trial(1, "COMPLETE", TWO),
        Trial(2, "COMPLETE", ONE),
    ),
    logged=(FINAL, replace(TRIAL, number="2")),
)
"""Its first trial was interrupted, and has another number now."""
SEEN = Traces({**dict.fromkeys(FOLDS, 1), "runs/k/fold1/progress.st": 3}, (), (), (), ())


def violations(check: Invariant, found: Found = DISTURBED, seen: Traces = SEEN) -> list[str]:
    return list(check(found, UNDISTURBED, seen))


@pytest.mark.parametrize("check", INVARIANTS, ids=lambda check: check.__name__)
def test_a_study_that_was_interrupted_and_went_on_violates_nothing(check: Invariant) -> None:
    assert violations(check) == []


def test_a_loss_that_differs_in_its_last_bit_is_found() -> None:
    other = {"epochs": [{"train_loss": 1.2500000000000002}]}
    found = replace(DISTURBED, folds={**FOLDS, "runs/k/fold2/trained.json": other})
    assert violations(same_numbers, found) == [
        "runs/k/fold2/trained.json: epochs differs: [0]: train_loss: 1.2500000000000002 in the "
        "place of 1.25"
    ]


def test_a_fold_that_is_missing_that_nobody_asked_for_or_that_is_written_twice_is_found() -> None:
    key, other = FOLDS
    found = replace(DISTURBED, folds={key: FOLDS[key], "runs/x/fold1/trained.json": {}})
    seen = replace(SEEN, written={**SEEN.written, key: 2})
    assert violations(every_fold_once, found, seen) == [
        f"{other}: missing",
        "runs/x/fold1/trained.json: the undisturbed study has no such fold",
        f"{key}: written 2 times",
    ]


def test_another_selection_a_row_too_many_and_an_unranked_final_are_found() -> None:
    other = replace(ROW, settings=TWO)
    found = replace(DISTURBED, board=(ROW, other), unranked=("wise: 1 of 2 folds",))
    assert violations(same_selection, found) == [
        f"wise: {other} in the place of {ROW}",
        "2 rows of 1 architectures",
        "not ranked: wise: 1 of 2 folds",
    ]
    assert violations(same_selection, replace(DISTURBED, board=())) == [
        f"wise: None in the place of {ROW}"
    ]


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ((Trial(0, "COMPLETE", ONE), Trial(1, "RUNNING", TWO)), "trial 1 is RUNNING"),
        ((*DISTURBED.trials, Trial(3, "WAITING", ())), "trial 3 is WAITING"),
        ((*DISTURBED.trials, Trial(3, "FAIL", TWO)), "trial 3 failed: {'heads': 2}"),
        ((*DISTURBED.trials, Trial(3, "COMPLETE", TWO)), "2 complete trials of {'heads': 2}"),
        (DISTURBED.trials[:2], "0 complete trials of {'heads': 1}"),
        (
            (*DISTURBED.trials, Trial(3, "COMPLETE", (("heads", 4),))),
            "1 complete trials of {'heads': 4}",
        ),
    ],
)
def test_a_trial_that_did_not_end_once_is_found(trials: tuple[Trial, ...], said: str) -> None:
    assert said in violations(trials_ended, replace(DISTURBED, trials=trials))


def test_a_run_that_is_running_twice_or_missing_in_mlflow_is_found() -> None:
    running = replace(TRIAL, number="2", status="RUNNING")
    found = replace(DISTURBED, logged=(TRIAL, running), versions={"ser-demo": ("wise", "wise")})
    assert violations(runs_ended, found) == [
        "trial 2 of k is RUNNING",
        "0 runs of final k, not 1",
        "2 runs of trial k, not 1",
        "versions of models are {'ser-demo': ('wise', 'wise')}, not {'ser-demo': ('wise',)}",
    ]


@pytest.mark.parametrize("points", [CURVE[:1], (*CURVE, (2, 0.4)), ((1, 0.3), (2, 0.5))])
def test_a_history_that_lacks_a_point_has_one_twice_or_another_is_found(
    points: tuple[tuple[int, float], ...],
) -> None:
    found = replace(DISTURBED, logged=(FINAL, replace(TRIAL, metrics={"val_ua": points})))
    assert violations(same_histories, found) == [f"trial 0 of k: val_ua is {points}, not {CURVE}"]


def test_damaged_and_temporary_objects_are_found() -> None:
    left = ("runs/k/fold1/progress.st", "features/v1/.0a.part", "upload:features/v1/1f/1f3a.st")
    found = replace(DISTURBED, keys=DISTURBED.keys + left, damaged=("a.st: its SHA-256...",))
    assert violations(bytes_verified, found) == ["a.st: its SHA-256..."]
    assert violations(nothing_temporary, found) == [f"{key} is left" for key in left]


@pytest.mark.parametrize(
    ("check", "name", "said"),
    [
        (nobody_left, "processes", "{} is left"),
        (no_secret, "secrets", "{} holds a key of the object store"),
        (ends_told, "ends", "{}"),
        (faults_met, "not_met", "{}: did not happen"),
    ],
)
def test_what_was_seen_from_outside_is_told(check: Invariant, name: str, said: str) -> None:
    seen = replace(SEEN, **{name: ("this",)})
    assert violations(check, seen=seen) == [said.format("this")]
