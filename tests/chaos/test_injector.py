"""The writer of the n-th epoch is found by its connection, and dies in the middle of it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.injector import Injector, World
from tests.chaos.plan import Fault
from tests.chaos.proxy import ChaosProxy
from tests.mlflow_server import MlflowServer
from tests.servers import SeaweedServer

PATH = "/bucket/chaos/runs/0a/fold1/progress.st"
WRITER = f"""
import sys, http.client
for _ in range(int(sys.argv[2])):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    connection.request("PUT", "{PATH}", b"x")
    connection.getresponse()
"""
"""Writes so many epochs."""


@pytest.fixture
def world(proxy: ChaosProxy, tmp_path: Path) -> World:
    """Its first run is up; its servers are not started."""
    store, tracking = SeaweedServer(tmp_path / "s3"), MlflowServer(tmp_path / "mlflow")
    return World("mark", proxy, store, tracking, run=1)


def write(proxy: ChaosProxy, epochs: int) -> int:
    """The exit code of a process that writes so many."""
    command = [sys.executable, "-c", WRITER, str(proxy.server_port), str(epochs)]
    return subprocess.run(command, timeout=60, check=False).returncode


def watching(world: World, fault: Fault) -> Injector:
    injector = Injector(world, [fault])
    world.proxy.watch = injector.watch
    return injector


def test_the_writer_of_the_second_epoch_is_killed_and_nobody_else(world: World) -> None:
    (met,) = watching(world, Fault("kill-worker", "epoch", 2)).met
    assert write(world.proxy, 1) == 0
    assert write(world.proxy, 3) == -signal.SIGKILL
    assert write(world.proxy, 1) == 0
    assert met.run == 1
    assert met.outcome.startswith("SIGKILL to python")


def test_its_successor_at_the_same_fold_is_killed_too_and_then_no_more(world: World) -> None:
    (met,) = watching(world, Fault("kill-worker-twice", "epoch", 1)).met
    assert [write(world.proxy, 1) for _ in range(3)] == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert met.outcome.count("SIGKILL") == 2


def test_a_writer_that_is_stopped_goes_on_in_time(world: World) -> None:
    injector = watching(world, Fault("stop-worker", "epoch", 1, size=1))
    assert write(world.proxy, 2) == 0
    injector.settle()
    assert injector.met[0].outcome.startswith("SIGSTOP to python")
    assert injector.met[0].outcome.endswith("for 1 s")


def test_what_has_not_come_due_has_met_nobody(world: World) -> None:
    (met,) = watching(world, Fault("s3-slow", "request", 10_000)).met
    assert write(world.proxy, 1) == 0
    assert (met.run, met.outcome) == (0, "")
