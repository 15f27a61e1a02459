"""The metrics of a result in MLflow: learning curves and scores."""

from collections.abc import Iterator
from typing import NamedTuple

from ser_platform.metrics import unweighted_accuracy, weighted_accuracy
from ser_platform.results import FoldResult, RunResult, score

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
    return scores | (honest(run) if run.selected_on_test else {})


def honest(run: RunResult) -> dict[str, float]:
    """What the same training scores when nothing looks at the test part; pooled, and the gap."""
    honest = score(run.fold_matrices("honest_test"))
    return {
        "test_wa_honest": honest.wa,
        "test_ua_honest": honest.ua,
        "selection_gap_ua": score(run.fold_matrices("test")).ua - honest.ua,
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
