"""How a result is laid out in MLflow: the names of tags, params and metrics."""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

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

SYNTHETIC_NOTE = "Synthetic speech: scores mean nothing about people."


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
        STATE: "complete" if run.complete else "failed",
    }
    notes = [SYNTHETIC_NOTE] if run.synthetic else []
    if not run.complete:
        described[REASON] = run.shortfall
        notes.append(f"No score: {run.shortfall}")
    return {**described, "mlflow.note.content": "\n\n".join(notes)} if notes else described


def study_tags(study: StudyInfo) -> dict[str, str]:
    """The same for the parent run of a study."""
    notes = [f"`{study.command}`"] + ([SYNTHETIC_NOTE] if study.synthetic else [])
    return {
        ROLE: "study",
        STUDY_KEY: study.study_key,
        ARCHITECTURE: " ".join(study.architectures),
        SYNTHETIC: json.dumps(study.synthetic),
        "mlflow.source.name": study.command,
        "mlflow.source.type": "LOCAL",
        "mlflow.note.content": "\n\n".join(notes),
    }


def number(run: RunResult) -> str:
    """The trial's number as a tag; ``-`` outside a search."""
    return "-" if run.number is None else str(run.number)


def run_name(run: RunResult) -> str:
    """What the UI lists: ``wise final``, ``wise trial 3``, ``wise final transcript.wer=0.1``."""
    if run.role == "trial":
        return f"{run.architecture} trial{'' if run.number is None else f' {run.number}'}"
    swept = run.settings if run.number is None else {}
    return " ".join([run.architecture, "final", *(f"{k}={v}" for k, v in swept.items())])


def params(run: RunResult) -> dict[str, str]:
    """Every setting by its dotted name, as the experiment file would say it."""
    return {**dict(_flat(run.experiment)), **dict(_flat(run.settings))}


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
        for name in ("train_loss", "val_loss", "val_wa", "val_ua"):
            yield Point(f"fold{fold.fold}/{name}", getattr(epoch, name), step, _ms(at_s))


def _scores(run: RunResult) -> dict[str, float]:
    scores: dict[str, float] = {"seconds": run.seconds, **_error_rates(run)}
    for fold in run.folds:
        prefix = f"fold{fold.fold}"
        scores[f"{prefix}/best_epoch"] = fold.best_epoch
        # The curve's last value is that of the last epoch; this one is the epoch that was kept.
        scores[f"{prefix}/best_val_ua"] = fold.val_ua
        scores["num_parameters"] = fold.num_parameters
        if fold.test is not None:
            scores[f"{prefix}/test_wa"] = weighted_accuracy(fold.test.matrix)
            scores[f"{prefix}/test_ua"] = unweighted_accuracy(fold.test.matrix)
    if run.complete:
        scores.update(_over_folds(run, "validation"))
        if run.role == "final":
            scores.update(_over_folds(run, "test"))
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


def _over_folds(run: RunResult, part: Literal["validation", "test"]) -> dict[str, float]:
    """``val_ua`` is the mean over folds, what a study maximises; ``test_ua`` is pooled."""
    found = score(run.fold_matrices(part))
    if part == "validation":
        return {"val_wa": found.wa_mean, "val_ua": found.ua_mean, "val_ua_std": found.ua_std}
    return {f"test_{name}": value for name, value in found.model_dump().items()}


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
