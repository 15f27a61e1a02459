"""How a result is laid out in MLflow: the names of tags, params and metrics."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ser_platform.metrics import unweighted_accuracy, weighted_accuracy
from ser_platform.results import FoldResult, RunResult, score
from ser_platform.tracking.entries import StudyInfo

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
ARCHITECTURE = "ser.architecture"
SYNTHETIC = "ser.synthetic"
WINNER = "ser.winner"
SELECTED_ON_TEST = "ser.selected_on_test"
"""Only there where it is so."""
SCORING = "ser.scoring"
"""How often the study's test part had been looked at, this time included."""

SYNTHETIC_NOTE = "Synthetic speech: scores mean nothing about people."
ON_TEST_NOTE = (
    "Selected on the test part (selection: best_on_test): scores are better than the system is."
)
_ON_TEST = "SELECTED ON TEST"
_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
_CURVES = {
    **{name: name for name in ("train_loss", "val_loss", "val_wa", "val_ua")},
    # Their plain names are those of the kept epoch's scores.
    **{f"epoch_{name}": name for name in ("test_loss", "test_wa", "test_ua")},
}
"""Metric -> what of an epoch it shows."""


class Point(NamedTuple):
    """One value of a metric. Equal points are one point in MLflow, however often logged."""

    key: str
    value: float
    step: int
    timestamp_ms: int


def tags(run: RunResult) -> dict[str, str]:
    """What identifies a run, and what one filters by."""
    described = {
        ROLE: run.role,
        STUDY_KEY: run.study_key,
        RUN_KEY: run.run_key,
        NUMBER: number(run),
        ARCHITECTURE: run.architecture,
        STUDY: run.study,
        "ser.signature": run.signature,
        SYNTHETIC: json.dumps(run.synthetic),
        STATE: "pruned" if run.state == "pruned" else "complete" if run.complete else "failed",
    }
    notes = [SYNTHETIC_NOTE] if run.synthetic else []
    if run.selected_on_test:
        described[SELECTED_ON_TEST] = "true"
        notes.insert(0, selected_on_test_note(run))
    if run.role == "final":
        described[SCORING] = str(run.scoring)
    if run.scoring > 1:
        notes.append(scoring_note(run.scoring))
    if not run.complete:
        described[REASON] = run.shortfall
        notes.append(f"No score: {run.shortfall}")
    return {**described, "mlflow.note.content": "\n\n".join(notes)} if notes else described


def selected_on_test_note(run: RunResult) -> str:
    """That the test part chose, and as far as it is known what that made of the score."""
    if not (run.complete and run.fold_matrices("honest_test")):
        return ON_TEST_NOTE
    found = _honest(run)
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


def points(run: RunResult) -> list[Point]:
    """Learning curves and scores per fold; mean, pooled and spread when the run is complete."""
    curves = [point for fold in run.folds for point in _curves(fold)]
    return curves + [Point(key, value, 0, finished_ms(run)) for key, value in _scores(run).items()]


def started_ms(run: RunResult) -> int:
    """When the first fold began to train; 0 when none was trained."""
    return min((_ms(fold.finished_at - fold.seconds) for fold in run.folds), default=0)


def finished_ms(run: RunResult) -> int:
    """When the last fold was trained; 0 when none was."""
    return max((_ms(fold.finished_at) for fold in run.folds), default=0)


def _curves(fold: FoldResult) -> Iterator[Point]:
    at_s = fold.finished_at - sum(epoch.seconds for epoch in fold.epochs)
    for step, epoch in enumerate(fold.epochs, start=1):
        at_s += epoch.seconds
        for key, name in _CURVES.items():
            value = getattr(epoch, name)
            if value is not None:
                yield Point(f"fold{fold.fold}/{key}", value, step, _ms(at_s))


def _scores(run: RunResult) -> dict[str, float]:
    scores: dict[str, float] = {
        "seconds": run.seconds,
        "gpu_seconds": run.gpu_seconds,
        **_error_rates(run),
    }
    for fold in run.folds:
        prefix = f"fold{fold.fold}"
        scores[f"{prefix}/best_epoch"] = fold.best_epoch
        # The curve's last value is that of the last epoch; this one is the epoch that was kept.
        scores[f"{prefix}/seconds"] = fold.seconds
        if fold.val_ua is not None:
            scores[f"{prefix}/best_val_ua"] = fold.val_ua
        scores["num_parameters"] = fold.num_parameters
        if fold.test is not None:
            scores[f"{prefix}/test_wa"] = weighted_accuracy(fold.test.matrix)
            scores[f"{prefix}/test_ua"] = unweighted_accuracy(fold.test.matrix)
        if fold.honest_test is not None and fold.honest_epoch is not None:
            scores[f"{prefix}/honest_epoch"] = fold.honest_epoch
            scores[f"{prefix}/test_ua_honest"] = unweighted_accuracy(fold.honest_test.matrix)
    if run.complete:
        scores.update(_over_folds(run))
    return scores


def _error_rates(run: RunResult) -> dict[str, float]:
    """Of transcripts other than the corpus's own, and in each emotion; ``data.json`` has more."""
    rates = run.data.get("transcript")
    if rates is None:
        return {}
    found = {f"transcript/{name}": rates[name] for name in ("wer", "cer")}
    for emotion, own in rates["emotions"].items():
        found[f"transcript/wer/{emotion}"] = own["wer"]
    return {name: rate for name, rate in found.items() if rate is not None}


def _over_folds(run: RunResult) -> dict[str, float]:
    """``val_ua`` is the mean over folds, what a study maximises; ``test_ua`` is pooled."""
    scores: dict[str, float] = {}
    if matrices := run.fold_matrices("validation"):
        found = score(matrices)
        scores |= {"val_wa": found.wa_mean, "val_ua": found.ua_mean, "val_ua_std": found.ua_std}
    if matrices := run.fold_matrices("test"):
        scores |= {f"test_{name}": value for name, value in score(matrices).model_dump().items()}
    return scores | (_honest(run) if run.selected_on_test else {})


def _honest(run: RunResult) -> dict[str, float]:
    """What the same training scores when nothing looks at the test part; pooled, and the gap."""
    honest = score(run.fold_matrices("honest_test"))
    return {
        "test_wa_honest": honest.wa,
        "test_ua_honest": honest.ua,
        "selection_gap_ua": score(run.fold_matrices("test")).ua - honest.ua,
    }


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        key = f"{prefix}{name}"
        # Keys of a user's own (labels, paths) are values to us, and may be no names for MLflow.
        if isinstance(value, dict) and all(inner.isidentifier() for inner in value) and value:
            yield from _flat(value, f"{key}.")
        else:
            yield key, value if isinstance(value, str) else json.dumps(value)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
