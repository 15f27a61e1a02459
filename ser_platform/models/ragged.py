"""Sequences of unequal length laid end to end, and the order in which kernels read them.

Shape letters: R rows of all sequences, S sequences, T steps of the longest one, D values.
All index tables are made once per batch on the CPU; moving them copies nothing back.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Counts = NDArray[np.int64]

_SHORT_STEPS = (6, 12)
"""Where :class:`ShortSequences` is cut into groups of like length.

On a CPU the stock packed backward writes one gradient of all rows for every step, so a few long
sequences make all the short ones expensive. tests/benchmarks/models.py measures the gain.
"""


@dataclass(frozen=True)
class Sequences:
    """Long sequences of about equal length: kernels read them as a grid ``[T, S, D]``."""

    lengths: Tensor
    """int64 ``[S]``, always on the CPU."""
    slots: Tensor
    """Where each row lies in the flattened grid."""
    reversed_slots: Tensor
    """The same with every sequence back to front."""

    @classmethod
    def of(cls, lengths: Counts) -> "Sequences":
        """The tables of sequences of these lengths, each at least 1."""
        count = len(lengths)
        sequence_R = np.repeat(np.arange(count), lengths)
        step_R = np.arange(len(sequence_R)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        reversed_step_R = np.repeat(lengths, lengths) - 1 - step_R
        return cls(
            torch.from_numpy(lengths),
            torch.from_numpy(step_R * count + sequence_R),
            torch.from_numpy(reversed_step_R * count + sequence_R),
        )

    def to(self, device: torch.device | str) -> "Sequences":
        """The same with its tables on ``device``."""
        return Sequences(self.lengths, self.slots.to(device), self.reversed_slots.to(device))

    def grid(self, rows_RD: Tensor, fill: float = 0.0) -> Tensor:
        """``[R, D]`` as ``[T, S, D]``, with ``fill`` behind the end of a sequence."""
        return self._grid(rows_RD, self.slots, fill)

    def rows(self, grid_TSD: Tensor) -> Tensor:
        """Back to ``[R, D]``, without what lies behind the ends."""
        return grid_TSD.flatten(0, 1).index_select(0, self.slots)

    def reversed_grid(self, rows_RD: Tensor) -> Tensor:
        """:meth:`grid` with every sequence back to front."""
        return self._grid(rows_RD, self.reversed_slots, 0.0)

    def reversed_rows(self, grid_TSD: Tensor) -> Tensor:
        """:meth:`rows` of a :meth:`reversed_grid`."""
        return grid_TSD.flatten(0, 1).index_select(0, self.reversed_slots)

    def _grid(self, rows_RD: Tensor, slot_R: Tensor, fill: float) -> Tensor:
        steps, count = int(self.lengths.max()), len(self.lengths)
        flat = rows_RD.new_full((steps * count, *rows_RD.shape[1:]), fill)
        return flat.index_copy(0, slot_R, rows_RD).unflatten(0, (steps, count))


@dataclass(frozen=True)
class Group:
    """Some of the sequences in the order of a ``PackedSequence``: step by step, longest first."""

    take: Tensor
    """Which row stands at each place."""
    active: Tensor
    """int64 ``[T]``, how many sequences reach each step; always on the CPU."""


@dataclass(frozen=True)
class ShortSequences:
    """Many short sequences of very unequal length: kernels read them packed, without a gap."""

    groups: tuple[Group, ...]
    """Longest sequences first."""
    places: Tensor
    """Where each sequence stands in the groups put one behind the other."""

    @classmethod
    def of(cls, lengths: Counts, rows: NDArray[np.int64] | None = None) -> "ShortSequences":
        """The tables of sequences of these lengths, each at least 1.

        Args:
            lengths: rows of each sequence.
            rows: the row each step reads, sequence after sequence; without it the sequences
                lie end to end.
        """
        order = np.argsort(-lengths, kind="stable")
        starts, descending = (np.cumsum(lengths) - lengths)[order], lengths[order]
        edges = [len(order) - np.searchsorted(descending[::-1], s, "right") for s in _SHORT_STEPS]
        edges = [0, *sorted(edges), len(order)]
        groups = []
        for begin, end in pairwise(edges):
            if begin < end:
                take, active = _packed(starts[begin:end], descending[begin:end])
                take = take if rows is None else rows[take]
                groups.append(Group(torch.from_numpy(take), torch.from_numpy(active)))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return cls(tuple(groups), torch.from_numpy(place))

    def to(self, device: torch.device | str) -> "ShortSequences":
        """The same with its tables on ``device``."""
        groups = tuple(Group(group.take.to(device), group.active) for group in self.groups)
        return ShortSequences(groups, self.places.to(device))


@dataclass(frozen=True)
class Segments:
    """Stretches of rows, which may overlap or leave rows out, to be averaged."""

    take: Tensor
    """The rows of all stretches, one stretch behind the other."""
    owner: Tensor
    """Which stretch each of them belongs to."""
    lengths: Tensor
    """Rows of each stretch."""

    @classmethod
    def of(cls, spans: Counts) -> "Segments":
        """The tables of stretches ``[S, 2]``: first row and row behind the last, never empty."""
        lengths = spans[:, 1] - spans[:, 0]
        return cls(
            torch.from_numpy(ranges(spans[:, 0], lengths)),
            torch.from_numpy(np.repeat(np.arange(len(spans)), lengths)),
            torch.from_numpy(lengths),
        )

    def to(self, device: torch.device | str) -> "Segments":
        """The same on ``device``."""
        return Segments(self.take.to(device), self.owner.to(device), self.lengths.to(device))

    def means(self, rows_RD: Tensor) -> Tensor:
        """The mean row of each stretch, ``[S, D]``."""
        sums = rows_RD.new_zeros(len(self.lengths), rows_RD.shape[1])
        sums = sums.index_add(0, self.owner, rows_RD.index_select(0, self.take))
        return sums / self.lengths[:, None]


def ranges(starts: Counts, counts: Counts) -> Counts:
    """``starts[0], starts[0] + 1, ...`` for ``counts[0]`` values, then the same for the next."""
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1])


def _packed(starts: Counts, lengths: Counts) -> tuple[Counts, Counts]:
    """Rows step by step, and sequences per step, of sequences sorted longest first."""
    steps = np.arange(lengths[0])
    active = len(lengths) - np.searchsorted(lengths[::-1], steps, "right")
    step = np.repeat(steps, active)
    sequence = np.arange(len(step)) - np.repeat(np.cumsum(active) - active, active)
    return starts[sequence] + step, active
