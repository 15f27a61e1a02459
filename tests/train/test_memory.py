"""Out of memory: every way in which it shows, and what comes of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ser_platform.train.memory import is_out_of_memory, kernel_kills
from tests.injection import little_memory


def cuda_says(_size: int) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has")


@pytest.mark.parametrize(
    "allocate",
    [np.ones, torch.ones, bytearray, cuda_says],
    ids=["numpy", "torch on a CPU", "Python", "torch on a GPU"],
)
def test_memory_that_is_not_there_is_told_from_other_errors(
    allocate: Callable[[int], object],
) -> None:
    with little_memory() as limit, pytest.raises((MemoryError, RuntimeError)) as raised:
        allocate(limit)
    assert is_out_of_memory(raised.value), repr(raised.value)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory")])
def test_other_errors_are_no_lack_of_memory(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_the_kernel_counts_what_it_killed_in_this_container_or_else_on_the_machine(
    tmp_path: Path,
) -> None:
    container, machine, absent = (tmp_path / name for name in ("events", "vmstat", "absent"))
    container.write_text("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n")
    machine.write_text("nr_free_pages 21\noom_kill 7\n")
    assert kernel_kills((container, machine)) == 2
    assert kernel_kills((absent, machine)) == 7
    assert kernel_kills((absent,)) == 0
    assert kernel_kills() >= 0
