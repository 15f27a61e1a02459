"""Ray on this machine, for the tests of a module."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import ray

from ser_platform.runtime.connection import RAY_SETTINGS, start_here


@contextmanager
def two_cpus(patch: pytest.MonkeyPatch, **variables: str) -> Iterator[None]:
    """Ray on this machine with two CPUs; ``variables`` are for its environment."""
    for name, value in {**RAY_SETTINGS, **variables, "RAY_AUTH_MODE": "disabled"}.items():
        patch.setenv(name, value)
    start_here(num_cpus=2)
    try:
        yield
    finally:
        ray.shutdown()


@pytest.fixture(scope="module")
def local_ray(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray on this machine with two CPUs."""
    with two_cpus(monkeypatch_module):
        yield


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """``monkeypatch`` for fixtures that live as long as a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
