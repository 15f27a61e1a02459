"""Frames of parts from their shards into files, a few shards in memory at once."""

import shutil
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features.base import Frames
from ser_platform.features.fill import unpack_rows
from ser_platform.features.moments import moments
from ser_platform.features.npy import NpyWriter
from ser_platform.features.parts import Part, Piece, StoredPart
from ser_platform.features.scratch import RECORD, half_of, publish
from ser_platform.features.shard import Arrays
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_intact_or_copy
from ser_platform.storage.sealed import sealed_json

Result = TypeVar("Result")

FRAMES, MOMENTS = "frames.npy", "moments.npy"
_AHEAD = 3
"""Shards that are read and checked while one is written."""


def lay(parts: Sequence[StoredPart], folder: Path) -> None:
    """Make parts that nobody else makes at the moment, in one pass over their shards.

    Raises:
        OSError: when the disk takes no more; what is not whole is gone.
        CorruptObjectError: when a shard is damaged or gone by now.
        StoreError: when the store cannot be reached or refuses.
    """
    with ExitStack() as stack:
        writers = [
            stack.enter_context(_PartWriter(half_of(folder, part.key), part)) for part in parts
        ]
        of_shard: dict[int, list[tuple[_PartWriter, Piece]]] = defaultdict(list)
        for writer, part in zip(writers, parts, strict=True):
            for piece in part.pieces:
                of_shard[piece.number].append((writer, piece))
        # In the order of the corpus, which is that of each part.
        wanted = [pieces for _, pieces in sorted(of_shard.items())]
        reads = (partial(_read, parts[0].store, pieces[0][1]) for pieces in wanted)
        for pieces, shard in zip(wanted, _ahead(reads), strict=True):
            for writer, piece in pieces:
                writer.add(_rows(piece, shard))
        for writer in writers:
            writer.publish(folder)


def excerpt(part: StoredPart, places: NDArray[np.int64]) -> Part:
    """Some utterances of a part, in memory, straight from their shards.

    Args:
        part: any.
        places: of the utterances within the part, rising.

    Raises:
        CorruptObjectError, StoreError: as :func:`lay`.
    """
    first, found = 0, list[Frames]()
    for piece in part.pieces:
        behind = first + len(piece.places)
        here = places[(places >= first) & (places < behind)] - first
        if len(here):
            rows = _rows(piece, _read(part.store, piece))
            # A view would keep its whole shard.
            found += [rows[place].copy() for place in here.tolist()]
        first = behind
    frames = np.concatenate([np.empty((0, part.dim), np.float32), *found])
    return Part(frames, moments(found, part.dim))


class _PartWriter:
    """The files of a part, gone at the end of a ``with`` block unless they were published."""

    def __init__(self, half: Path, part: StoredPart) -> None:
        self._half, self._part = half, part
        self._files = {
            FRAMES: NpyWriter(half / FRAMES, np.float32, (part.num_frames, part.dim)),
            MOMENTS: NpyWriter(half / MOMENTS, np.float64, (part.num_utterances, 2, part.dim)),
        }

    def add(self, utterances: Sequence[Frames]) -> None:
        """Append frames of utterances."""
        for own in utterances:
            self._files[FRAMES].write(own)
        self._files[MOMENTS].write(moments(utterances, self._part.dim))

    def publish(self, folder: Path) -> None:
        """Let everybody use it; it is whole."""
        digests = {name: file.finish() for name, file in self._files.items()}
        record = sealed_json(self._part.key, canonical_json(digests))
        (self._half / RECORD).write_bytes(record)
        publish(self._half, folder / self._part.key)

    def __enter__(self) -> "_PartWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        e: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()
        shutil.rmtree(self._half, ignore_errors=True)  # not there any more when published


def _read(store: ObjectStore, piece: Piece) -> Arrays:
    """A shard that was read when the study began.

    Raises:
        CorruptObjectError: when it is damaged or gone by now.
        StoreError: when the store cannot be reached or refuses.
    """

    def unpack(data: bytes) -> Arrays:
        return unpack_rows(data, piece.shard, piece.recordings)

    try:
        # It lies on this disk in a moment: a copy is of use where there is one, and not to keep.
        return read_intact_or_copy(store, piece.shard, unpack, keep=False)
    except (CorruptObjectError, ObjectNotFoundError) as error:
        raise CorruptObjectError(
            f"{error}, though it was well when the study began; the same command, given again, "
            "computes it anew"
        ) from error


def _rows(piece: Piece, shard: Arrays) -> list[Frames]:
    """Frames of each utterance of a piece, as views.

    Raises:
        CorruptObjectError: when they are not as long as they were.
    """
    offsets, values = shard["offsets"], shard["values"]
    if not np.array_equal(np.diff(offsets)[piece.places], piece.lengths):
        raise CorruptObjectError(
            f"'{piece.shard}' holds other frames than when the study began: another process has "
            "computed it anew, with other software; run again"
        )
    spans = zip(offsets[piece.places], offsets[piece.places + 1], strict=True)
    return [values[start:behind] for start, behind in spans]


def _ahead(reads: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    """Results in order, a few of them made by threads before they are asked for."""
    with ThreadPoolExecutor(_AHEAD) as threads:
        running: deque[Future[Result]] = deque()
        for read in reads:
            running.append(threads.submit(read))
            if len(running) > _AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
