"""Small boards of made-up results."""

from dataclasses import replace
from functools import cache

import numpy as np

from ser_platform.circumstances import Circumstances
from ser_platform.leaderboard.rank import Board, Group, rank
from ser_platform.results import RunResult
from ser_platform.tracking.entries import LoggedFinal
from tests.runs import PROTOCOL, run_result


def final(number: int, right: float = 0.5, **changes: object) -> RunResult:
    return run_result(number, role="final", right=right, **changes)


def board_of(*results: RunResult) -> Board:
    """As MLflow would list them: run ids ``aaaa...``, ``bbbb...``, in this order."""
    return rank(
        [
            LoggedFinal(letter * 32, result.study, result.architecture, result, "")
            for letter, result in zip("abcdefgh", results, strict=False)
        ]
    )


def varied(result: RunResult) -> RunResult:
    """The same, but each speaker with a share of right answers of their own, and styles known."""
    rng = np.random.default_rng(result.number or 0)
    folds = []
    for fold in result.folds:
        assert fold.test is not None
        rows = np.array(fold.test.probabilities)
        for speaker in sorted(set(fold.test.speakers)):
            own = np.flatnonzero(np.array(fold.test.speakers) == speaker)
            spoiled = own[: rng.integers(0, 8)]
            rows[spoiled] = np.roll(rows[spoiled], 1, axis=1)
        test = fold.test.model_copy(update={"probabilities": tuple(map(tuple, rows.tolist()))})
        folds.append(fold.model_copy(update={"test": test}))
    ids = tuple(i for fold in folds for i in fold.test.ids)
    circumstances = Circumstances(
        ids=ids,
        dialogues=("",) * len(ids),
        sexes=("",) * len(ids),
        styles=tuple("scripted" if n % 2 else "improvised" for n in range(len(ids))),
        seconds=tuple(1.0 + n % 7 for n in range(len(ids))),
        words=(5,) * len(ids),
    )
    return result.model_copy(update={"folds": tuple(folds), "circumstances": circumstances})


@cache
def small(study: str = "demo", corpus: str = "iemocap", *, synthetic: bool = False) -> Board:
    """Two seeds of ``wise``, one ``alignment``, and a run that lacks a fold.

    Assessed once: names change nothing in the answers.
    """
    board = _small()
    (group,) = board.groups
    protocol = {**PROTOCOL, "corpus": corpus}
    changes = {"study": study, "synthetic": synthetic, "protocol": protocol}
    rows = tuple(
        replace(row, results=tuple(r.model_copy(update=changes) for r in row.results))
        for row in group.rows
    )
    protocol_id = rows[0].result.protocol_id
    return replace(board, groups=(Group(protocol_id, protocol, synthetic, rows),))


@cache
def _small() -> Board:
    results = [
        final(1, 0.8, seed=1, system="5e" * 4),
        final(2, 0.7, seed=2, system="5e" * 4),
        final(3, 0.6, architecture="alignment"),
    ]
    logged = [
        LoggedFinal(letter * 32, result.study, result.architecture, varied(result), "")
        for letter, result in zip("abc", results, strict=True)
    ]
    incomplete = LoggedFinal("d" * 32, "demo", "wise", None, "4 of 5 folds are finished")
    return rank([*logged, incomplete])
