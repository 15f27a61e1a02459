"""Which results may be ranked together, and in what order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ser_platform.results import RunResult, Scores, score
from ser_platform.tracking.entries import LoggedFinal


@dataclass(frozen=True)
class Row:
    """One ranked result."""

    rank: int
    """From 1 within its protocol; equal scores share it."""
    run_id: str
    result: RunResult
    test: Scores
    honest: Scores | None = None
    """Of the same training without a look at the test part; only where it was selected on that."""

    @property
    def gap_ua(self) -> float | None:
        """What looking at the test part added to pooled UA, as a share."""
        return None if self.honest is None else self.test.ua - self.honest.ua

    @property
    def num_parameters(self) -> int:
        """Weights of one fold's network; vocabularies make folds differ a little."""
        return max(fold.num_parameters for fold in self.result.folds)

    @property
    def finished_at(self) -> datetime:
        """When the last fold was trained, in UTC."""
        latest = max(fold.finished_at for fold in self.result.folds)
        return datetime.fromtimestamp(latest, timezone.utc)


@dataclass(frozen=True)
class Group:
    """Results of equal protocol, best pooled UA first."""

    protocol: dict[str, Any]
    synthetic: bool
    rows: tuple[Row, ...]
    selected_on_test: bool = False
    """Equal for all of a protocol."""

    @property
    def title(self) -> str:
        """The protocol in words."""
        return " · ".join(f"{name} {in_words(value)}" for name, value in self.protocol.items())


@dataclass(frozen=True)
class Board:
    """The ranked groups, and apart from them what has no score."""

    groups: tuple[Group, ...]
    unranked: tuple[LoggedFinal, ...]


def rank(finals: Sequence[LoggedFinal]) -> Board:
    """Rank complete results among those of equal protocol; one that was logged twice counts once.

    Groups come in the order of their first result.
    """
    results = {}
    for final in finals:
        if final.result is not None:
            results.setdefault(final.result.run_key, final)
    groups: dict[str, list[Row]] = {}
    for final in results.values():
        row = _row(final.run_id, final.result)
        identity = json.dumps([row.result.protocol, row.result.synthetic], sort_keys=True)
        groups.setdefault(identity, []).append(row)
    return Board(
        tuple(_group(rows) for rows in groups.values()),
        tuple(final for final in finals if final.result is None),
    )


def _row(run_id: str, result: RunResult) -> Row:
    honest = result.fold_matrices("honest_test")
    return Row(
        0,
        run_id,
        result,
        score(result.fold_matrices("test")),
        score(honest) if honest else None,
    )


def _group(rows: list[Row]) -> Group:
    ordered = sorted(rows, key=lambda row: (-row.test.ua, -row.test.wa, row.result.architecture))
    ranked = []
    for place, row in enumerate(ordered, start=1):
        tied = ranked and ranked[-1].test.ua == row.test.ua
        ranked.append(replace(row, rank=ranked[-1].rank if tied else place))
    first = rows[0].result
    return Group(first.protocol, first.synthetic, tuple(ranked), first.selected_on_test)


def in_words(value: Any) -> str:
    """``{"by": "session", "seed": 0}`` as ``session (seed=0)``; what is empty is left out."""
    if isinstance(value, list | tuple):
        return "+".join(in_words(item) for item in value)
    if not isinstance(value, dict):
        return str(value)
    head = [str(value[key]) for key in ("kind", "by") if key in value]
    rest = ", ".join(
        f"{key}={in_words(inner)}"
        for key, inner in value.items()
        if key not in ("kind", "by") and inner not in ("", {}, [], None)
    )
    return " ".join([*head, f"({rest})"] if rest else head)
