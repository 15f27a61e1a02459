"""Records made from a record: folds in another order, folds that stop early, more settings."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.benchmarks.replay import Curves, Values


def with_folds(trials: Sequence[Curves], folds: Sequence[int]) -> list[Curves]:
    """The same trials with their folds in another order."""
    return [
        replace(
            trial,
            val_ua=tuple(trial.val_ua[fold] for fold in folds),
            seconds=tuple(trial.seconds[fold] for fold in folds),
        )
        for trial in trials
    ]


def with_patience(trials: Sequence[Curves], patience: int) -> list[Curves]:
    """As if each fold had stopped after so many epochs without a better one."""

    def cut(ua: Values) -> int:
        for epoch in range(1, len(ua) + 1):
            if epoch - (int(ua[:epoch].argmax()) + 1) >= patience:
                return epoch
        return len(ua)

    def shorter(trial: Curves) -> Curves:
        ends = [cut(ua) for ua in trial.val_ua]
        return replace(
            trial,
            val_ua=tuple(ua[:end] for ua, end in zip(trial.val_ua, ends, strict=True)),
            seconds=tuple(s[:end] for s, end in zip(trial.seconds, ends, strict=True)),
        )

    return [shorter(trial) for trial in trials]


def enlarged(trials: Sequence[Curves], number: int, rng: np.random.Generator) -> list[Curves]:
    """Settings drawn from what a record says of settings, folds and what is left over.

    For each architecture the best validation UA of a fold is taken as the mean of the fold, plus
    what the setting adds, plus a rest. Settings are drawn from a normal distribution of the
    variance that rows have beyond that of the mean of their rests; the rest and the shape of the
    curve are those of a recorded training of the same fold.
    """
    names = sorted({trial.architecture for trial in trials})
    groups = [[trial for trial in trials if trial.architecture == name] for name in names]
    return [_drawn(groups[i % len(groups)], rng) for i in range(number)]


def _drawn(trials: Sequence[Curves], rng: np.random.Generator) -> Curves:
    best = np.array([[ua.max() for ua in trial.val_ua] for trial in trials])
    num_trials, num_folds = best.shape
    of_fold = best.mean(axis=0)
    of_trial = best.mean(axis=1, keepdims=True) - best.mean()
    rest = best - of_fold - of_trial
    freedom = (num_trials - 1) * (num_folds - 1)
    of_mean_rest = np.square(rest).sum() / freedom / num_folds
    beyond = max(0.0, float(of_trial.var(ddof=1) - of_mean_rest))
    # Rests of a fitted table are smaller than those of the settings it was fitted to.
    rest *= np.sqrt(rest.size / freedom)
    added = rng.normal(0, np.sqrt(beyond))
    rows = rng.integers(num_trials, size=num_folds)
    scores = np.clip(of_fold + added + rest[rows, range(num_folds)], 0.25, 1.0)
    shapes = [trials[row].val_ua[fold] for fold, row in enumerate(rows)]
    return replace(
        trials[rng.integers(num_trials)],
        val_ua=tuple(
            shape * score / shape.max() for shape, score in zip(shapes, scores, strict=True)
        ),
    )
