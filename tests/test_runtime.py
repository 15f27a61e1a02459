"""Ray that does not start."""

import inspect
import os

import pytest
import ray
from ray._private import node

from ser_platform.errors import WorkersError
from ser_platform.runtime import cluster

LATE = "The current node timed out during startup."


def test_a_machine_too_busy_to_start_ray_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray raises no type of its own, so its words are what it is known by."""
    assert LATE[:-1] in inspect.getsource(node)

    def init(**_: object) -> None:
        raise Exception(f"{LATE} This could happen because")  # as Ray does

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(os, "getloadavg", lambda: (27.2, 0, 0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with pytest.raises(WorkersError) as caught, cluster():
        pass
    assert str(caught.value) == (
        "Ray did not start within 30 s: this machine is too busy (load average 27 on 2 cores); "
        "run the same command again when it has less to do: what is stored is not repeated"
    )


def test_any_other_failure_of_ray_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(ZeroDivisionError), cluster():
        pass
