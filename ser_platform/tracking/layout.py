"""How a result is laid out in MLflow: names of runs, tags and params."""

import json
from collections.abc import Iterator
from typing import Any

from ser_platform.cards.words import protocol_in_words
from ser_platform.results import RunResult
from ser_platform.tracking.entries import StudyInfo
from ser_platform.tracking.points import honest

PARENT = "mlflow.parentRunId"
"""MLflow's own: what the UI nests by."""
PROCESS = "ser.process"
STUDY_KEY = "ser.study_key"
STUDY = "ser.study"
ROLE = "ser.role"
RUN_KEY = "ser.run_key"
NUMBER = "ser.number"
STATE = "ser.state"
REASON = "ser.reason"
DIGEST = "ser.result_sha256"
SIGNATURE = "ser.signature"
ARCHITECTURE = "ser.architecture"
SYNTHETIC = "ser.synthetic"
WINNER = "ser.winner"
SELECTED_ON_TEST = "ser.selected_on_test"
"""Only there where it is so."""
PROTOCOL_ID = "ser.protocol_id"
SEED = "ser.seed"
SCORING = "ser.scoring"
"""How often the study's test part had been looked at, this time included."""

SYNTHETIC_NOTE = "Synthetic speech: scores mean nothing about people."
ON_TEST_NOTE = (
    "Selected on the test part (selection: best_on_test): scores that test chose are no estimate "
    "of what the system does on speech that nobody looked at."
)
_ON_TEST = "SELECTED ON TEST"
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def tags(run: RunResult) -> dict[str, str]:
    """What identifies a run, and what one filters by."""
    described = {
        ROLE: run.role,
        STUDY_KEY: run.study_key,
        RUN_KEY: run.run_key,
        NUMBER: number(run),
        ARCHITECTURE: run.architecture,
        STUDY: run.study,
        SIGNATURE: run.signature,
        PROTOCOL_ID: run.protocol_id,
        "ser.protocol": protocol_in_words(run.protocol),
        SEED: str(run.seed),
        SYNTHETIC: json.dumps(run.synthetic),
        STATE: "pruned" if run.state == "pruned" else "complete" if run.complete else "failed",
    }
    notes = warnings(run)
    if run.selected_on_test:
        described[SELECTED_ON_TEST] = "true"
    if run.role == "final":
        described[SCORING] = str(run.scoring)
    if not run.complete:
        described[REASON] = run.shortfall
        notes.append(f"No score: {run.shortfall}")
    return {**described, "mlflow.note.content": "\n\n".join(notes)} if notes else described


def warnings(run: RunResult) -> list[str]:
    """What makes its scores mean less, worst first."""
    found = [selected_on_test_note(run)] if run.selected_on_test else []
    found += [SYNTHETIC_NOTE] if run.synthetic else []
    return found + ([scoring_note(run.scoring)] if run.scoring > 1 else [])


def selected_on_test_note(run: RunResult) -> str:
    """That the test part chose, and as far as it is known what that made of the score."""
    if not (run.complete and run.fold_matrices("honest_test")):
        return ON_TEST_NOTE
    found = honest(run)
    return (
        f"{ON_TEST_NOTE} Chosen without looking, the same training scores "
        f"UA {100 * found['test_ua_honest']:.1f} %: a gap of "
        f"{100 * found['selection_gap_ua']:.1f} points."
    )


def scoring_note(scoring: int) -> str:
    """What is to be known of a score that is not the first on its test part."""
    which = _ORDINALS.get(scoring, f"number {scoring}")
    return f"The {which} selection of this study that was scored on this test part."


def study_tags(study: StudyInfo) -> dict[str, str]:
    """The same for the parent run of a study."""
    notes = [f"`{study.command}`"] + ([SYNTHETIC_NOTE] if study.synthetic else [])
    flagged = {SELECTED_ON_TEST: "true"} if study.selected_on_test else {}
    if flagged:
        notes.insert(0, ON_TEST_NOTE)
    return {
        **flagged,
        ROLE: "study",
        STUDY_KEY: study.study_key,
        ARCHITECTURE: " ".join(study.architectures),
        SYNTHETIC: json.dumps(study.synthetic),
        "mlflow.source.name": study.command,
        "mlflow.source.type": "LOCAL",
        "mlflow.note.content": "\n\n".join(notes),
    }


def number(run: RunResult) -> str:
    """A trial's number, ``3``, or ``2/3`` in the study of fold 2; ``-`` outside a search."""
    of_fold = "" if run.test_fold is None else f"{run.test_fold}/"
    return "-" if run.number is None else f"{of_fold}{run.number}"


def study_name(study: StudyInfo) -> str:
    """What the UI lists: the name of the experiment file."""
    return f"{study.name} {_ON_TEST}" if study.selected_on_test else study.name


def run_name(run: RunResult) -> str:
    """What the UI lists: ``wise final``, ``wise trial 3``, ``wise final transcript.wer=0.1``.

    A trial of the study of a fold is ``wise trial 2/3``: the fold, the number.
    """
    flags = [_ON_TEST] * run.selected_on_test
    if run.role == "trial":
        number_ = [] if run.number is None else [number(run)]
        return " ".join([run.architecture, "trial", *number_, *flags])
    swept = run.settings if run.number is None else {}
    nested = ["nested"] * bool(run.fold_settings)
    values = (f"{k}={v}" for k, v in swept.items())
    return " ".join([run.architecture, "final", *nested, *values, *flags])


def params(run: RunResult) -> dict[str, str]:
    """Every setting by its dotted name, as the experiment file would say it.

    What the study of a fold chose has the fold before it, ``fold1.model.dropout``, in the place
    of the file's own value, which no fold has.
    """
    of_folds = {
        f"fold{fold}.{name}": value
        for fold, settings in run.fold_settings.items()
        for name, value in _flat(settings)
    }
    chosen = {name for settings in run.fold_settings.values() for name in settings}
    own = {name: value for name, value in _flat(run.experiment) if name not in chosen}
    return {**own, **dict(_flat(run.settings)), **of_folds}


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        key = f"{prefix}{name}"
        # Keys of a user's own (labels, paths) are values to us, and may be no names for MLflow.
        if isinstance(value, dict) and all(inner.isidentifier() for inner in value) and value:
            yield from _flat(value, f"{key}.")
        else:
            yield key, value if isinstance(value, str) else json.dumps(value)
