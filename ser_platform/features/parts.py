"""Frames of some utterances of a corpus: held as arrays, or told by where they are stored.

Shape letters: U utterances and N frames of a part, D values of a frame.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ser_platform.features.base import Frames
from ser_platform.features.plan import Shard
from ser_platform.storage.base import ObjectStore

_FORMAT = "1"
"""Of the files that a machine makes of a part; counted up, older ones are not met."""


@dataclass(frozen=True)
class Part:
    """Frames as arrays, in memory or mapped from files."""

    frames: Frames
    """``[N, D]``, utterance after utterance."""
    moments: NDArray[np.float64]
    """``[U, 2, D]``, as :func:`ser_platform.features.moments.moments` gives them."""


@dataclass(frozen=True)
class Piece:
    """What of a stored shard belongs to a part."""

    number: int
    """Of the shard: its place among those of the corpus."""
    shard: str
    """Its key."""
    recordings: int
    """In the shard."""
    places: NDArray[np.int64]
    """Those of the part among them, rising."""
    lengths: NDArray[np.int64]
    """Frames of each of these."""


@dataclass(frozen=True)
class StoredPart:
    """Frames as shards of an object store have them: all that a machine needs to get them."""

    store: ObjectStore
    dim: int
    pieces: tuple[Piece, ...]

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that fixes the frames and their order."""
        digest = hashlib.sha256(_FORMAT.encode())
        for piece in self.pieces:
            digest.update(f"\n{piece.shard} {piece.recordings} {len(piece.places)}\n".encode())
            digest.update(piece.places.tobytes() + piece.lengths.tobytes())
        return digest.hexdigest()

    @property
    def num_utterances(self) -> int:
        """U."""
        return sum(len(piece.places) for piece in self.pieces)

    @property
    def num_frames(self) -> int:
        """N."""
        return sum(int(piece.lengths.sum()) for piece in self.pieces)

    @property
    def size_bytes(self) -> int:
        """Of frames (float32) and moments (float64) on disk."""
        return self.dim * (4 * self.num_frames + 16 * self.num_utterances)


@dataclass(frozen=True)
class StoredFrames:
    """A :class:`ser_platform.features.cache.FrameTable` whose frames stay in the object store.

    They are too many to be held; every shard was intact when it was read for its lengths.
    """

    store: ObjectStore
    shards: tuple[Shard, ...]
    """In the order of ``ids``."""
    offsets: NDArray[np.int64]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    window_s: float
    hop_s: float
    manifest_key: str

    def part(self, rows: NDArray[np.int64]) -> StoredPart:
        """Frames of the utterances ``ids[row]`` of these rows, which rise."""
        counts = [len(shard.recordings) for shard in self.shards]
        firsts = np.cumsum([0, *counts])
        lengths = np.diff(self.offsets)
        bounds = pairwise(np.searchsorted(rows, firsts).tolist())
        pieces = [
            Piece(
                number=number,
                shard=self.shards[number].key,
                recordings=counts[number],
                places=rows[start:behind] - firsts[number],
                lengths=lengths[rows[start:behind]],
            )
            for number, (start, behind) in enumerate(bounds)
            if start < behind
        ]
        return StoredPart(self.store, len(self.names), tuple(pieces))
