"""Boards for the tests of the page: of people, of a machine, and one that test's choice spoils."""

from typing import Any

import numpy as np

from ser_platform.leaderboard.rank import Board, rank
from ser_platform.results import Predictions, RunResult
from ser_platform.tracking.entries import LoggedFinal
from tests.runs import PROTOCOL, looked_run, run_result

SYNTHETIC = {**PROTOCOL, "corpus": {"kind": "demo"}}
HOSTILE = "<script>alert(1)</script>"


def final(number: int, right: float, **changes: Any) -> RunResult:
    result = run_result(number, role="final", right=right, **changes)
    rng = np.random.default_rng(number)
    folds = [
        fold.model_copy(update={"test": _noisy(fold.test, rng)})
        for fold in result.folds
        if fold.test is not None
    ]
    return result.model_copy(update={"folds": tuple(folds)})


def _noisy(part: Predictions, rng: np.random.Generator) -> Predictions:
    """Some answers changed, so that no two systems or speakers are alike."""
    rows = np.array(part.probabilities)
    spoiled = rng.random(len(rows)) < 0.2
    rows[spoiled] = np.roll(rows[spoiled], 1, axis=1)
    return part.model_copy(update={"probabilities": tuple(map(tuple, rows.tolist()))})


def logged(*results: RunResult) -> list[LoggedFinal]:
    """Run ids are ``00...``, ``11...``, in this order."""
    return [
        LoggedFinal(f"{n:x}" * 32, result.study, result.architecture, result, "")
        for n, result in enumerate(results)
    ]


def board() -> Board:
    """Three groups: of 4, 2 and 1 systems; and a run without a score."""
    results = [
        final(1, 0.9, architecture="alignment"),
        final(2, 0.7, settings={"model.dropout": 0.5}),
        final(3, 0.6, study=HOSTILE),
        final(4, 0.5, system="5e" * 4, seed=1),
        final(5, 0.5, system="5e" * 4, seed=2),
        final(6, 0.8, protocol=SYNTHETIC, synthetic=True),
        final(7, 0.6, study="s" * 90, protocol=SYNTHETIC, synthetic=True),
        looked_run(8, role="final", run_key="8" * 16),
    ]
    incomplete = LoggedFinal("f" * 32, "demo", "wise", None, "4 of 5 folds are finished")
    return rank([*logged(*results), incomplete])
