"""Shared by all tests: one thread per process, the same numbers every time."""

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread_per_process() -> None:
    """Two test processes on two cores: more torch threads than that only wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2020)
