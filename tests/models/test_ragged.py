"""The index tables: every row is read once, in the order the kernels expect."""

import numpy as np
import pytest
import torch

from ser_platform.models.ragged import Packed, Sequences

LENGTHS = np.array([3, 1, 64, 6, 7, 12, 13, 2, 3])


def _rows_of(lengths: np.ndarray) -> list[list[int]]:
    return [list(range(end - n, end)) for end, n in zip(np.cumsum(lengths), lengths, strict=True)]


def test_a_grid_holds_each_sequence_in_its_column_and_the_filling_behind_it() -> None:
    rows = torch.arange(6)[:, None]
    grid = Sequences.of(np.array([3, 1, 2])).grid(rows, fill=-1)
    assert grid[:, :, 0].tolist() == [[0, 3, 4], [1, -1, 5], [2, -1, -1]]


def test_rows_come_back_from_a_grid_as_they_went_in() -> None:
    rows = torch.randn(LENGTHS.sum(), 2, generator=torch.Generator().manual_seed(0))
    sequences = Sequences.of(LENGTHS)
    assert torch.equal(sequences.rows(sequences.grid(rows)), rows)


def test_rows_come_back_from_the_packed_order_as_they_went_in() -> None:
    sequences = Sequences.of(LENGTHS)
    assert sequences.packed.take[sequences.places].tolist() == list(range(LENGTHS.sum()))


def test_a_mirror_shows_every_sequence_back_to_front() -> None:
    assert Sequences.of(np.array([3, 1, 2])).mirror.tolist() == [2, 1, 0, 3, 5, 4]


def test_the_packed_order_reads_every_step_of_every_sequence_once() -> None:
    packed = Packed.of(LENGTHS)
    found: list[list[int]] = [[] for _ in LENGTHS]
    for step in packed.take.split(packed.active.tolist()):
        for own, row in zip(found, step.tolist(), strict=False):
            own.append(row)
    assert sorted(found) == _rows_of(LENGTHS)
    assert packed.take[packed.last].tolist() == [own[-1] for own in _rows_of(LENGTHS)]


def test_before_each_place_stands_the_row_before() -> None:
    packed = Packed.of(LENGTHS)
    behind_first = packed.take[len(LENGTHS) :]
    assert torch.equal(packed.take[packed.before], behind_first - 1)


def test_steps_may_be_given_as_rows_that_are_left_out_or_shared() -> None:
    packed = Packed.of(np.array([2, 2]), rows=np.array([4, 5, 5, 9]))
    assert packed.take.tolist() == [4, 5, 5, 9]
    assert packed.active.tolist() == [2, 2]


@pytest.mark.parametrize("lengths", [[1], [1, 1, 1], [20]])
def test_one_sequence_or_one_step_is_enough(lengths: list[int]) -> None:
    sequences = Sequences.of(np.array(lengths))
    assert sequences.packed.take.tolist() == list(range(sum(lengths)))
    assert sequences.slots.tolist() == list(range(sum(lengths)))


def test_lengths_stay_on_the_cpu_when_the_tables_move() -> None:
    moved = Sequences.of(LENGTHS).to("meta")
    tables = moved.slots, moved.places, moved.mirror, moved.packed.take, moved.packed.last
    assert all(table.is_meta for table in tables)
    assert moved.lengths.device.type == moved.packed.active.device.type == "cpu"
