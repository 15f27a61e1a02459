"""Shards as they are read: all of their frames are held, or none where that is too much."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ser_platform.features.base import Frames
from ser_platform.features.fill import unpack_shard
from ser_platform.features.plan import Shard


@dataclass
class HeldShard:
    """What is in memory of a shard."""

    lengths: NDArray[np.int64]
    """Rows of each of its recordings."""
    values: Frames | None
    """``[rows, dim]``; given up when the rows of all are too many."""


class Holder:
    """Takes in shards as they are read, by several threads.

    Their rows are held until they come to more than may be; then those are given up, and no more
    are held. How much a corpus comes to is only known once it is read.
    """

    def __init__(self, most_bytes: float) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: list[HeldShard] = []
        self._lock = Lock()

    @property
    def holds_all(self) -> bool:
        """Whether the rows of every shard that was taken in are in memory."""
        return self._bytes <= self._most_bytes

    def unpack(self, data: bytes, shard: Shard) -> HeldShard:
        """What is kept of a stored shard.

        Raises:
            CorruptObjectError: when it is not what was stored under its key.
        """
        arrays = unpack_shard(data, shard)
        values = arrays["values"]
        taken = HeldShard(np.diff(arrays["offsets"]), values)
        with self._lock:
            self._bytes += values.nbytes
            self._held.append(taken)
            if not self.holds_all:
                for each in self._held:
                    each.values = None
                self._held.clear()
        return taken


def joined(shards: Sequence[HeldShard], dim: int) -> Frames:
    """Rows of shards that are held, one after the other; the shards hold nothing afterwards."""
    values = np.empty((sum(int(shard.lengths.sum()) for shard in shards), dim), np.float32)
    start = 0
    for shard in shards:
        assert shard.values is not None
        behind = start + len(shard.values)
        values[start:behind] = shard.values
        shard.values = None  # a second copy
        start = behind
    return values
