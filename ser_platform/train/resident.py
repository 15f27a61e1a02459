"""A corpus on the nodes of a cluster, so that a job gets the frames it may read and no others.

Frames lie in parts by which folds test them: once in Ray's object store, or, where they are more
than memory is to hold, in files that each node makes for itself (``features/mapped.py``). What
else a dataset holds is small and lies in the object store once for each test part, without it, and
once whole.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import ray
from numpy.typing import NDArray

from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset, Rows
from ser_platform.features.laying import excerpt
from ser_platform.features.mapped import mapped_parts
from ser_platform.features.parts import Part, StoredFrames, StoredPart

TestPart = tuple[str, ...]
"""Ids of the utterances a fold tests, as the fold has them."""


@dataclass(frozen=True)
class Resident:
    """References to a dataset; each node fetches what they lead to once."""

    index: ray.ObjectRef
    """The dataset without frames and word vectors."""
    word_vectors: ray.ObjectRef
    frames: tuple[ray.ObjectRef | None, ...]
    """By part: a Part, or the StoredPart that a node makes files of; None for a sealed one."""
    scratch: str = ""
    """Folder for these files; empty: the temporary folder of the node."""

    def fetch(self) -> Dataset:
        """The dataset as arrays in the object store's own memory, or mapped: none is copied.

        The first process of a node that needs frames in files makes them.

        Raises:
            ScratchError: when the disk cannot take the files.
            CorruptObjectError: when frames in the object store were damaged since.
        """
        index, word_vectors, parts, stored = self._found()
        if stored:
            laid = mapped_parts(list(stored.values()), self.scratch)
            parts |= zip(stored, laid, strict=True)
        return self._joined(index, word_vectors, parts)

    def fetch_only(self, ids: Collection[str]) -> Dataset:
        """The dataset of a few utterances alone; no file is made for them.

        Raises:
            ValueError: when one is not in it, or sealed.
            CorruptObjectError: as :meth:`fetch`.
        """
        index, word_vectors, parts, stored = self._found()
        index.rows(ids)
        index = index.without(set(index.ids) - set(ids))
        starts_U, places_U = index.frame_starts.copy(), index.frame_places.copy()
        for number, part in stored.items():
            rows = np.flatnonzero(index.frame_parts == number)
            rows = rows[np.argsort(index.frame_places[rows])]
            parts[number] = excerpt(part, index.frame_places[rows])
            starts_U[rows], places_U[rows] = _laid_out(index.lengths[rows])
        index = replace(index, frame_starts=starts_U, frame_places=places_U)
        return self._joined(index, word_vectors, parts)

    def _found(
        self,
    ) -> tuple[Dataset, NDArray[np.float32], dict[int, Part], dict[int, StoredPart]]:
        """Index, word vectors, and by number the parts that are not sealed: held, or stored."""
        is_open = {n: reference for n, reference in enumerate(self.frames) if reference}
        index, word_vectors, *found = ray.get([self.index, self.word_vectors, *is_open.values()])
        parts = dict(zip(is_open, found, strict=True))
        held = {n: part for n, part in parts.items() if isinstance(part, Part)}
        return index, word_vectors, held, {n: parts[n] for n in parts if n not in held}

    def _joined(
        self, index: Dataset, word_vectors: NDArray[np.float32], parts: Mapping[int, Part]
    ) -> Dataset:
        dim = next(iter(parts.values())).frames.shape[1]
        sealed = Part(np.empty((0, dim), np.float32), np.empty((0, 2, dim)))
        whole = [parts.get(number, sealed) for number in range(len(self.frames))]
        return replace(
            index,
            frames=tuple(part.frames for part in whole),
            moments=tuple(part.moments for part in whole),
            word_vectors=word_vectors,
        )


def put(
    dataset: Dataset,
    folds: Sequence[Fold],
    stored: StoredFrames | None = None,
    scratch: str = "",
) -> tuple[Resident, dict[TestPart, Resident]]:
    """Lay a dataset into the object store.

    Args:
        dataset: the corpus.
        folds: how it is cut.
        stored: its frames, where they are in no array of it.
        scratch: folder for files of these.

    Returns:
        The whole dataset, and for the test part of each fold the dataset without it.
    """
    tests = list(dict.fromkeys(fold.test for fold in folds))
    testers_U = _testers(dataset.ids, tests)
    groups = sorted(set(testers_U))
    part_U = np.array([groups.index(testers) for testers in testers_U])
    starts_U, places_U = np.empty_like(dataset.frame_starts), np.empty_like(dataset.frame_places)
    frames: list[ray.ObjectRef] = []
    for number in range(len(groups)):
        rows = np.flatnonzero(part_U == number)
        rows = rows[np.argsort(dataset.frame_places[rows])]  # as shards have them
        starts_U[rows], places_U[rows] = _laid_out(dataset.lengths[rows])
        # One part at a time: two copies of all frames need not fit into memory.
        frames.append(ray.put(_part(dataset, rows, stored)))
    word_vectors = ray.put(dataset.word_vectors)
    index = replace(
        dataset,
        frames=(),
        moments=(),
        frame_parts=part_U,
        frame_starts=starts_U,
        frame_places=places_U,
        word_vectors=dataset.word_vectors[:0].copy(),
    )
    whole = Resident(ray.put(index), word_vectors, tuple(frames), scratch)
    sealed = {
        test: replace(
            whole,
            index=ray.put(index.without(test)),
            frames=tuple(
                None if number in testers else reference
                for testers, reference in zip(groups, frames, strict=True)
            ),
        )
        for number, test in enumerate(tests)
    }
    return whole, sealed


def _part(dataset: Dataset, rows: Rows, stored: StoredFrames | None) -> Part | StoredPart:
    if stored is not None:
        return stored.part(dataset.frame_places[rows])
    frames = np.concatenate([dataset.frames_of(row) for row in rows.tolist()])
    return Part(frames, dataset.moments_of(rows))


def _laid_out(lengths: NDArray[np.int64]) -> tuple[Rows, Rows]:
    """First frames and places of utterances of these lengths that lie one after the other."""
    return np.cumsum(lengths) - lengths, np.arange(len(lengths))


def _testers(ids: Sequence[str], tests: Sequence[TestPart]) -> list[tuple[int, ...]]:
    """For each utterance the places of the test parts that it is in."""
    by_id: dict[str, list[int]] = {id_: [] for id_ in ids}
    for number, test in enumerate(tests):
        for id_ in test:
            by_id[id_].append(number)
    return [tuple(by_id[id_]) for id_ in ids]
