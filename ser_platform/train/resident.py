"""A corpus in Ray's object store, so that a job gets the frames it may read and no others.

Frames lie there once, in parts by which folds test them. What else a dataset holds is small and
lies there once for each test part, without it, and once whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import ray

from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset

TestPart = tuple[str, ...]
"""Ids of the utterances a fold tests, as the fold has them."""


@dataclass(frozen=True)
class Resident:
    """References to a dataset; each node fetches what they lead to once."""

    index: ray.ObjectRef
    """The dataset without frames and word vectors."""
    word_vectors: ray.ObjectRef
    frames: tuple[ray.ObjectRef | None, ...]
    """By part; None for one that is sealed."""

    def fetch(self) -> Dataset:
        """The dataset as arrays in the object store's own memory: none is copied."""
        open_parts = [reference for reference in self.frames if reference is not None]
        index, word_vectors, *parts = ray.get([self.index, self.word_vectors, *open_parts])
        sealed, found = np.empty((0, index.frame_dim), np.float32), iter(parts)
        frames = tuple(sealed if reference is None else next(found) for reference in self.frames)
        return replace(index, frames=frames, word_vectors=word_vectors)


def put(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Resident, dict[TestPart, Resident]]:
    """Lay a dataset into the object store.

    Returns:
        The whole dataset, and for the test part of each fold the dataset without it.
    """
    tests = list(dict.fromkeys(fold.test for fold in folds))
    testers_U = _testers(dataset.ids, tests)
    groups = sorted(set(testers_U))
    part_U = np.array([groups.index(testers) for testers in testers_U])
    starts_U = np.empty_like(dataset.frame_starts)
    frames: list[ray.ObjectRef] = []
    for part in range(len(groups)):
        rows = np.flatnonzero(part_U == part)
        starts_U[rows] = np.cumsum(dataset.lengths[rows]) - dataset.lengths[rows]
        # One part at a time: two copies of all frames need not fit into memory.
        frames.append(ray.put(np.concatenate([dataset.frames_of(row) for row in rows.tolist()])))
    word_vectors = ray.put(dataset.word_vectors)
    index = replace(
        dataset,
        frames=(),
        frame_parts=part_U,
        frame_starts=starts_U,
        word_vectors=dataset.word_vectors[:0].copy(),
    )
    sealed = {
        test: Resident(
            ray.put(index.without(test)),
            word_vectors,
            tuple(
                None if number in testers else reference
                for testers, reference in zip(groups, frames, strict=True)
            ),
        )
        for number, test in enumerate(tests)
    }
    return Resident(ray.put(index), word_vectors, tuple(frames)), sealed


def _testers(ids: Sequence[str], tests: Sequence[TestPart]) -> list[tuple[int, ...]]:
    """For each utterance the places of the test parts that it is in."""
    by_id: dict[str, list[int]] = {id_: [] for id_ in ids}
    for number, test in enumerate(tests):
        for id_ in test:
            by_id[id_].append(number)
    return [tuple(by_id[id_]) for id_ in ids]
