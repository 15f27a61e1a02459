"""Sequences of unequal length laid end to end, and the orders in which kernels read them.

Shape letters: R rows of all sequences, S sequences, T steps of the longest one, D values.
All index tables are made once per batch on the CPU; moving them copies nothing back.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Packed:
    """The order of a ``PackedSequence``: step by step, longest sequence first, without a gap.

    A place is counted in that order, a row in the order of the sequences.
    """

    active: Tensor
    """int64 ``[T]``, how many sequences reach each step; always on the CPU."""
    take: Tensor
    """Which row stands at each place."""
    last: Tensor
    """``[S]``, the place of the last step of each sequence."""
    before: Tensor
    """The place of the step before, for each place behind those of the first step."""

    @classmethod
    def of(cls, lengths: Counts, rows: NDArray[np.int64] | None = None) -> "Packed":
        """The tables of sequences of these lengths, each at least 1.

        Args:
            lengths: rows of each sequence.
            rows: the row each step reads, sequence after sequence; without it the sequences
                lie end to end.
        """
        order = np.argsort(-lengths, kind="stable")
        starts, descending = (np.cumsum(lengths) - lengths)[order], lengths[order]
        steps = np.arange(descending[0])
        active = len(lengths) - np.searchsorted(descending[::-1], steps, "right")
        first_place = np.cumsum(active) - active
        step = np.repeat(steps, active)
        sequence = np.arange(len(step)) - np.repeat(first_place, active)
        take = starts[sequence] + step
        last = np.empty_like(order)
        last[order] = first_place[descending - 1] + np.arange(len(order))
        return cls(
            active=torch.from_numpy(active),
            take=torch.from_numpy(take if rows is None else rows[take]),
            last=torch.from_numpy(last),
            before=torch.arange(active[0], len(step))
            - torch.from_numpy(np.repeat(active[:-1], active[1:])),
        )

    def to(self, device: torch.device | str) -> "Packed":
        """The same with its tables on ``device``."""
        return Packed(
            self.active, self.take.to(device), self.last.to(device), self.before.to(device)
        )


@dataclass(frozen=True)
class Sequences:
    """Sequences that are read as a grid ``[T, S, D]`` too, and from both ends."""

    lengths: Tensor
    """int64 ``[S]``, always on the CPU."""
    slots: Tensor
    """Where each row lies in the flattened grid."""
    packed: Packed
    places: Tensor
    """The place of each row in the packed order."""
    mirror: Tensor
    """The row as far from the end of its sequence as each row is from the start."""

    @classmethod
    def of(cls, lengths: Counts) -> "Sequences":
        """The tables of sequences of these lengths, each at least 1."""
        count = len(lengths)
        start_R = np.repeat(np.cumsum(lengths) - lengths, lengths)
        row_R = np.arange(len(start_R))
        packed = Packed.of(lengths)
        places = torch.empty_like(packed.take)
        places[packed.take] = torch.arange(len(row_R))
        return cls(
            lengths=torch.from_numpy(lengths),
            slots=torch.from_numpy(
                (row_R - start_R) * count + np.repeat(np.arange(count), lengths)
            ),
            packed=packed,
            places=places,
            mirror=torch.from_numpy(2 * start_R + np.repeat(lengths - 1, lengths) - row_R),
        )

    def to(self, device: torch.device | str) -> "Sequences":
        """The same with its tables on ``device``."""
        return Sequences(
            self.lengths,
            self.slots.to(device),
            self.packed.to(device),
            self.places.to(device),
            self.mirror.to(device),
        )

    def grid(self, rows_RD: Tensor, fill: float = 0.0) -> Tensor:
        """``[R, D]`` as ``[T, S, D]``, with ``fill`` behind the end of a sequence."""
        steps, count = len(self.packed.active), len(self.lengths)
        flat = rows_RD.new_full((steps * count, *rows_RD.shape[1:]), fill)
        return flat.index_copy(0, self.slots, rows_RD).unflatten(0, (steps, count))

    def rows(self, grid_TSD: Tensor) -> Tensor:
        """Back to ``[R, D]``, without what lies behind the ends."""
        return grid_TSD.flatten(0, 1).index_select(0, self.slots)


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
