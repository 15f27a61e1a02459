"""Which results may be ranked together, and in what order."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ser_platform.cards.words import in_words
from ser_platform.evidence.assess import assess
from ser_platform.evidence.entries import Evidence
from ser_platform.results import RunResult, Scores, score
from ser_platform.tracking.entries import LoggedFinal


@dataclass(frozen=True)
class Row:
    """One ranked system: a result, or several that differ by their seed alone."""

    rank: int
    """From 1 within its protocol; equal scores share it."""
    run_ids: tuple[str, ...]
    """Of MLflow, in the order of seeds."""
    results: tuple[RunResult, ...]
    evidence: Evidence
    honest: Scores | None = None
    """Of the same training without a look at the test part, as ``evidence`` over all seeds; only
    where it was selected on that."""

    @property
    def run_id(self) -> str:
        """Of the first seed."""
        return self.run_ids[0]

    @property
    def result(self) -> RunResult:
        """Of the first seed."""
        return self.results[0]

    @property
    def ua(self) -> float:
        """What rows are ranked by: pooled over folds, the mean over seeds."""
        return self.evidence.pooled["ua"].value

    @property
    def gap_ua(self) -> float | None:
        """What looking at the test part added to pooled UA, as a share."""
        return None if self.honest is None else self.ua - self.honest.ua

    @property
    def num_parameters(self) -> int:
        """Weights of one fold's network; vocabularies make folds differ a little."""
        return max(fold.num_parameters for fold in self.result.folds)

    @property
    def finished_at(self) -> datetime:
        """When the last fold was trained, in UTC."""
        latest = max(fold.finished_at for fold in self.result.folds)
        return datetime.fromtimestamp(latest, UTC)


@dataclass(frozen=True)
class Group:
    """Systems of equal protocol, best pooled UA first."""

    protocol_id: str
    protocol: dict[str, Any]
    synthetic: bool
    rows: tuple[Row, ...]
    selected_on_test: bool = False
    """Equal for all of a protocol."""

    @property
    def title(self) -> str:
        """The protocol, by its id and in words."""
        entries = {"protocol": self.protocol_id, **self.protocol}
        return " · ".join(f"{name} {in_words(value)}" for name, value in entries.items())

    @property
    def corpus(self) -> str:
        """Its name."""
        return in_words(self.protocol.get("corpus", ""))


@dataclass(frozen=True)
class Board:
    """The ranked groups, and apart from them what has no score."""

    groups: tuple[Group, ...]
    unranked: tuple[LoggedFinal, ...]


def rank(finals: Sequence[LoggedFinal]) -> Board:
    """Rank complete systems among those of equal protocol; one that was logged twice counts once.

    Groups come in the order of their first result.
    """
    groups: dict[str, list[Row]] = {}
    for seeds in _systems(finals):
        row = _row(seeds)
        groups.setdefault(row.result.protocol_id, []).append(row)
    return Board(
        tuple(_group(rows) for rows in groups.values()),
        tuple(final for final in finals if final.result is None),
    )


_Scored = tuple[str, RunResult]
"""MLflow's id of a run, and its result."""


def _systems(finals: Sequence[LoggedFinal]) -> Iterable[list[_Scored]]:
    """Results that differ by their seed alone, together; two of one seed stay apart."""
    results: dict[str, _Scored] = {}
    for final in finals:
        if final.result is not None:
            results.setdefault(final.result.run_key, (final.run_id, final.result))
    systems: dict[str, dict[int, _Scored]] = {}
    for run_id, result in results.values():
        seeds = systems.setdefault(_system(result), {})
        if result.seed in seeds:
            seeds = systems.setdefault(result.run_key, {})
        seeds[result.seed] = (run_id, result)
    return [[seeds[seed] for seed in sorted(seeds)] for seeds in systems.values()]


def _system(result: RunResult) -> str:
    """Equal for results that differ by their seed alone; of older ones nobody knows."""
    if not result.system:
        return result.run_key
    workers = sorted({fold.workers for fold in result.folds})
    same = [result.protocol_id, result.architecture, result.system, result.data, workers]
    return json.dumps([*same, result.fold_settings], sort_keys=True)


def _row(seeds: list[_Scored]) -> Row:
    run_ids, results = zip(*seeds, strict=True)
    return Row(0, run_ids, results, assess(results), _honest(results))


def _honest(results: Sequence[RunResult]) -> Scores | None:
    """Summed over seeds, fold by fold: the mean, as each fold has the same utterances for all."""
    of_seeds = [result.fold_matrices("honest_test") for result in results]
    if not all(of_seeds):
        return None
    return score([np.sum(of_fold, axis=0) for of_fold in zip(*of_seeds, strict=True)])


def _group(rows: list[Row]) -> Group:
    def place_of(row: Row) -> tuple[float, float, str]:
        return -row.ua, -row.evidence.pooled["wa"].value, row.result.architecture

    ordered = sorted(rows, key=place_of)
    ranked = []
    for place, row in enumerate(ordered, start=1):
        tied = ranked and ranked[-1].ua == row.ua
        ranked.append(replace(row, rank=ranked[-1].rank if tied else place))
    first = rows[0].result
    return Group(
        first.protocol_id, first.protocol, first.synthetic, tuple(ranked), first.selected_on_test
    )
