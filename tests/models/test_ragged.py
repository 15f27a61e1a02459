"""The index tables: every row is read once, in the order the kernels expect."""

import numpy as np
import pytest
import torch

from ser_platform.models.ragged import Sequences, ShortSequences

LENGTHS = np.array([3, 1, 64, 6, 7, 12, 13, 2, 3])


def _rows_of(lengths: np.ndarray) -> list[list[int]]:
    return [list(range(end - n, end)) for end, n in zip(np.cumsum(lengths), lengths, strict=True)]


def test_a_grid_holds_each_sequence_in_its_column_and_the_filling_behind_it() -> None:
    rows = torch.arange(6)[:, None]
    grid = Sequences.of(np.array([3, 1, 2])).grid(rows, fill=-1)
    assert grid[:, :, 0].tolist() == [[0, 3, 4], [1, -1, 5], [2, -1, -1]]


def test_a_reversed_grid_starts_at_the_last_row_of_each_sequence() -> None:
    rows = torch.arange(6)[:, None].float()
    grid = Sequences.of(np.array([3, 1, 2])).reversed_grid(rows)
    assert grid[:, :, 0].tolist() == [[2, 3, 5], [1, 0, 4], [0, 0, 0]]


def test_rows_come_back_from_a_grid_as_they_went_in() -> None:
    rows = torch.randn(LENGTHS.sum(), 2, generator=torch.Generator().manual_seed(0))
    sequences = Sequences.of(LENGTHS)
    assert torch.equal(sequences.rows(sequences.grid(rows)), rows)
    assert torch.equal(sequences.reversed_rows(sequences.reversed_grid(rows)), rows)


def test_packed_groups_read_every_step_of_every_sequence_once() -> None:
    packed = ShortSequences.of(LENGTHS)
    found: list[list[int]] = []
    for group in packed.groups:
        own: list[list[int]] = [[] for _ in range(int(group.active[0]))]
        steps = group.take.split(group.active.tolist())
        for step in steps:
            for sequence, row in enumerate(step.tolist()):
                own[sequence].append(row)
        found += own
    assert [found[place] for place in packed.places] == _rows_of(LENGTHS)


def test_sequences_of_like_length_are_grouped() -> None:
    longest = [len(group.active) for group in ShortSequences.of(LENGTHS).groups]
    assert longest == [64, 12, 6]


def test_steps_may_be_given_as_rows_that_are_left_out_or_shared() -> None:
    packed = ShortSequences.of(np.array([2, 2]), rows=np.array([4, 5, 5, 9]))
    assert packed.groups[0].take.tolist() == [4, 5, 5, 9]
    assert packed.groups[0].active.tolist() == [2, 2]


@pytest.mark.parametrize("lengths", [[1], [1, 1, 1], [20]])
def test_one_sequence_or_one_step_is_enough(lengths: list[int]) -> None:
    packed = ShortSequences.of(np.array(lengths))
    assert sum(len(group.take) for group in packed.groups) == sum(lengths)
    assert Sequences.of(np.array(lengths)).slots.tolist() == list(range(sum(lengths)))


def test_lengths_stay_on_the_cpu_when_the_tables_move() -> None:
    sequences, packed = Sequences.of(LENGTHS).to("meta"), ShortSequences.of(LENGTHS).to("meta")
    assert sequences.slots.is_meta
    assert packed.groups[0].take.is_meta
    assert sequences.lengths.device.type == packed.groups[0].active.device.type == "cpu"
