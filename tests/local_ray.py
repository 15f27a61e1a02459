"""Ray on this machine, for the tests of a module."""

from collections.abc import Iterator

import pytest
import ray

from ser_platform.runtime.connection import RAY_SETTINGS, start_here


@pytest.fixture(scope="module")
def local_ray(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray on this machine with two CPUs."""
    monkeypatch_module.setenv("RAY_AUTH_MODE", "disabled")
    for name, value in RAY_SETTINGS.items():
        monkeypatch_module.setenv(name, value)
    start_here(num_cpus=2)
    try:
        yield
    finally:
        ray.shutdown()


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """``monkeypatch`` for fixtures that live as long as a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
