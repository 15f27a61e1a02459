"""The test answers of one system, put together over folds and seeds."""

# S seeds, N utterances, C classes, K clusters

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ser_platform.circumstances import Circumstances
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import ResultError
from ser_platform.evidence.entries import ClusteredBy
from ser_platform.results import Predictions, RunResult


@dataclass(frozen=True)
class Answers:
    """What was answered to every utterance of every test part; rows in the order of ids."""

    ids: tuple[str, ...]
    speakers: tuple[str, ...]
    true: NDArray[np.int64]
    """``[N]``"""
    probabilities: NDArray[np.float64]
    """``[S, N, C]``"""
    folds: NDArray[np.int64]
    """``[N]``, number of the fold that tests it."""
    clusters: NDArray[np.int64]
    """``[N]``, from 0; utterances of one cluster are drawn together."""
    clustered_by: ClusteredBy
    seeds: tuple[int, ...]
    circumstances: Circumstances | None
    """In the same order; None where all results are older than that they are kept."""

    @property
    def num_clusters(self) -> int:
        """K."""
        return int(self.clusters.max()) + 1

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each, ``[S, N]``."""
        return self.probabilities.argmax(axis=2)

    def counts(self, chosen_N: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Confusion matrices ``[K, C, C]`` of the clusters that have any of the chosen utterances.

        Of several seeds it is the mean, whose WA and UA are the means of theirs: how many
        utterances a class has is the same for all. How often it is answered is not, so macro-F1
        is that of the mean matrix.
        """
        rows = np.arange(len(self.ids)) if chosen_N is None else np.flatnonzero(chosen_N)
        there, clusters = np.unique(self.clusters[rows], return_inverse=True)
        counts = np.zeros((len(there), len(EMOTIONS), len(EMOTIONS)))
        for predicted_N in self.predicted:
            np.add.at(counts, (clusters, self.true[rows], predicted_N[rows]), 1)
        return counts / len(self.seeds)


def answers(results: Sequence[RunResult]) -> Answers:
    """The answers of a system: complete finals that differ by their seed.

    Clusters are dialogues where the corpus has them for all, else speakers.

    Raises:
        ResultError: when they are not of the same utterances.
    """
    first = _tested(results[0])
    by_id = {i: n for n, (i, *_rest) in enumerate(first)}
    assert len(by_id) == len(first)  # folds test an utterance once
    probabilities = np.stack([_in_order(result, first, by_id) for result in results])
    ids = tuple(i for i, *_rest in first)
    known = _sorted(next(filter(None, (r.circumstances for r in results)), None), ids)
    dialogues = known.dialogues if known is not None and all(known.dialogues) else None
    speakers = tuple(speaker for _, speaker, *_rest in first)
    _, clusters = np.unique(dialogues or speakers, return_inverse=True)
    return Answers(
        ids=ids,
        speakers=speakers,
        true=np.array([true for _, _, true, _ in first]),
        probabilities=probabilities,
        folds=np.array([fold for *_rest, fold in first]),
        clusters=clusters,
        clustered_by="dialogue" if dialogues else "speaker",
        seeds=tuple(result.seed for result in results),
        circumstances=known,
    )


def same_utterances(one: Answers, other: Answers) -> None:
    """Nothing, if two systems answered to the same utterances with the same labels.

    Raises:
        ResultError: when they did not.
    """
    labels, other_labels = (
        dict(zip(system.ids, system.true.tolist(), strict=True)) for system in (one, other)
    )
    alone = sorted(labels.keys() ^ other_labels.keys())
    twice = sorted(i for i in labels.keys() & other_labels.keys() if labels[i] != other_labels[i])
    if alone or twice:
        raise ResultError(
            "two results cannot be compared: they must be of the same utterances, and "
            f"{len(alone)} are in one of them only{_such_as(alone)}, "
            f"{len(twice)} have another label{_such_as(twice)}; compare results of equal protocol"
        )


def _such_as(ids: Sequence[str]) -> str:
    return f" (such as {ids[0]})" if ids else ""


_Tested = tuple[str, str, int, int]
"""Id, speaker, true class, fold."""


def _tested(result: RunResult) -> list[_Tested]:
    rows = [
        (i, speaker, true, fold.fold)
        for fold in result.folds
        for i, speaker, true in zip(*_columns(_test(result, fold.test)), strict=True)
    ]
    return sorted(rows)


def _columns(part: Predictions) -> tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
    return part.ids, part.speakers, part.true


def _test(result: RunResult, part: Predictions | None) -> Predictions:
    if part is None:
        raise ResultError(f"{result.architecture}, {result.run_key}: not all folds were tested")
    return part


def _in_order(
    result: RunResult, first: Sequence[_Tested], by_id: dict[str, int]
) -> NDArray[np.float64]:
    if _tested(result) != list(first):
        raise ResultError(
            f"{result.architecture}, {result.run_key}: not the utterances, labels and folds of "
            "the other seeds"
        )
    rows = np.empty((len(first), len(EMOTIONS)))
    for fold in result.folds:
        part = _test(result, fold.test)
        rows[[by_id[i] for i in part.ids]] = part.probabilities
    return rows


def _sorted(known: Circumstances | None, ids: tuple[str, ...]) -> Circumstances | None:
    if known is None:
        return None
    place = {i: n for n, i in enumerate(known.ids)}
    rows = [place[i] for i in ids]
    columns = {name: None if c is None else tuple(c[r] for r in rows) for name, c in known}
    return Circumstances.model_validate(columns)
