"""A study's own numbers, so that MLflow's list of studies is a board by itself."""

from collections.abc import Sequence

from mlflow.entities import Run

from ser_platform.tracking.layout import ROLE, Point

_OF_THE_WINNER = (
    "test_wa",
    "test_ua",
    "test_wa_mean",
    "test_ua_mean",
    "test_wa_std",
    "test_ua_std",
    "num_parameters",
)


def winner(nested: Sequence[Run]) -> Run | None:
    """The final scoring whose setting did best on validation; test plays no part in it."""
    finals = _finished(nested, "final")
    return max(finals, key=lambda run: run.data.metrics["val_ua"], default=None)


def summary(nested: Sequence[Run]) -> list[Point]:
    """Best and mean validation UA, trials done and failed, the winner's test scores.

    The same nested runs give the same points, so writing them twice adds nothing.
    """
    ended = [run for run in nested if run.info.end_time is not None]
    if not ended:
        return []
    trials = [run for run in ended if run.data.tags[ROLE] == "trial"]
    scored = _finished(ended, "trial") or _finished(ended, "final")
    val_ua = [run.data.metrics["val_ua"] for run in scored]
    values = {
        "trials_done": len(_finished(trials, "trial")),
        "trials_failed": sum(run.info.status != "FINISHED" for run in trials),
    }
    if val_ua:
        values |= {"best_val_ua": max(val_ua), "mean_val_ua": sum(val_ua) / len(val_ua)}
    best = winner(ended)
    if best is not None:
        values |= {name: best.data.metrics[name] for name in _OF_THE_WINNER}
    at_ms = max(run.info.end_time or 0 for run in ended)
    return [Point(key, value, len(ended), at_ms) for key, value in values.items()]


def _finished(nested: Sequence[Run], role: str) -> list[Run]:
    return [run for run in nested if run.data.tags[ROLE] == role and run.info.status == "FINISHED"]
