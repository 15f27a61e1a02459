"""A study's own numbers, so that MLflow's list of studies is a board by itself."""

from collections.abc import Sequence

from mlflow.entities import Run

from ser_platform.tracking.layout import ARCHITECTURE, ROLE, RUN_KEY, SELECTED_ON_TEST, STATE
from ser_platform.tracking.points import Point

_SEED = "train.seed"
_Setting = tuple[str, frozenset[tuple[str, str]]]
"""Architecture and params, without the seed."""
_OF_THE_WINNER = (
    "test_wa",
    "test_ua",
    "test_wa_mean",
    "test_ua_mean",
    "test_wa_std",
    "test_ua_std",
    "test_ua_low",
    "test_ua_high",
    "test_macro_f1",
    "num_parameters",
    # Only where the test part chose.
    "test_wa_honest",
    "test_ua_honest",
    "selection_gap_ua",
)


def winner(nested: Sequence[Run], *, alone: bool) -> Run | None:
    """The final scoring whose setting did best on validation; test plays no part in it.

    Unless the study is about choosing on test. Where nothing chooses there is none, or the only
    one. Of several seeds the first stands for its setting: to choose one would be to choose luck.

    Args:
        nested: the runs of a study.
        alone: whether it is about one setting, so that there is nothing to compare.
    """
    finals = _first_seeds(_finished(nested, "final"))
    if all(_objective(run) in run.data.metrics for run in finals):
        return max(finals, key=lambda run: run.data.metrics[_objective(run)], default=None)
    return finals[-1] if alone else None


def _first_seeds(finals: Sequence[Run]) -> list[Run]:
    """Those with the smallest seed among all that differ by that alone."""
    first: dict[_Setting, int] = {}
    for run in finals:
        first[_setting(run)] = min(first.get(_setting(run), _seed(run)), _seed(run))
    return [run for run in finals if _seed(run) == first[_setting(run)]]


def _setting(run: Run) -> _Setting:
    params = {name: value for name, value in run.data.params.items() if name != _SEED}
    return run.data.tags[ARCHITECTURE], frozenset(params.items())


def _seed(run: Run) -> int:
    return int(run.data.params.get(_SEED, "0"))


def _objective(run: Run) -> str:
    return "test_ua_mean" if SELECTED_ON_TEST in run.data.tags else "val_ua"


def summary(nested: Sequence[Run], *, alone: bool) -> list[Point]:
    """Best and mean validation UA, trials done and failed, the winner's test scores, the cost.

    The same nested runs give the same points, so writing them twice adds nothing.
    """
    ended = [run for run in nested if run.info.end_time is not None]
    if not ended:
        return []
    trials = [run for run in ended if run.data.tags[ROLE] == "trial"]
    pruned = sum(run.data.tags.get(STATE) == "pruned" for run in trials)
    scored = _finished(ended, "trial") or _finished(ended, "final")
    val_ua = [run.data.metrics["val_ua"] for run in scored if "val_ua" in run.data.metrics]
    values = {
        "trials_done": len(_finished(trials, "trial")),
        "trials_failed": sum(run.info.status != "FINISHED" for run in trials) - pruned,
        "trials_pruned": pruned,
    }
    values |= _cost(ended)
    if val_ua:
        values |= {"best_val_ua": max(val_ua), "mean_val_ua": sum(val_ua) / len(val_ua)}
    best = winner(ended, alone=alone)
    if best is not None:
        metrics = best.data.metrics
        values |= {name: metrics[name] for name in _OF_THE_WINNER if name in metrics}
    at_ms = max(run.info.end_time or 0 for run in ended)
    return [Point(key, value, len(ended), at_ms) for key, value in values.items()]


def _cost(ended: Sequence[Run]) -> dict[str, float]:
    """Seconds of training and of GPUs, of every setting once.

    The final scoring of a trial has the trial's training in its own seconds, as have two
    trials that drew the same setting.
    """
    totals: dict[str, float] = {}
    for total, metric in (("train_seconds", "seconds"), ("gpu_seconds", "gpu_seconds")):
        most: dict[str, float] = {}
        for run in ended:
            key = run.data.tags[RUN_KEY]
            # A result of an earlier version says nothing of GPUs.
            most[key] = max(most.get(key, 0.0), run.data.metrics.get(metric, 0.0))
        totals[total] = sum(most.values())
    return totals


def _finished(nested: Sequence[Run], role: str) -> list[Run]:
    return [run for run in nested if run.data.tags[ROLE] == role and run.info.status == "FINISHED"]
