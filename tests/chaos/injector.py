"""Breaks what the schedule says, in the middle of the request that it waits for."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tests.chaos.plan import Fault, Unit
from tests.chaos.processes import head_of, send, who_asks
from tests.chaos.proxy import ChaosProxy, Request
from tests.mlflow_server import MlflowServer
from tests.servers import SeaweedServer


@dataclass
class Injected:
    """A fault of the schedule, and what came of it."""

    fault: Fault
    run: int = 0
    """Which run of the command met it, from 1; 0: none yet."""
    after_s: float = 0.0
    """Since the soak began."""
    outcome: str = ""


@dataclass
class World:
    """What can be broken."""

    mark: str
    proxy: ChaosProxy
    store: SeaweedServer
    tracking: MlflowServer
    driver: subprocess.Popen[bytes] | None = None
    run: int = 0
    """Which run of the command is up, from 1."""


@dataclass
class Injector:
    """Watches a proxy, and breaks things as they come due; once each."""

    world: World
    schedule: Sequence[Fault]
    met: list[Injected] = field(init=False)
    _started: float = field(default_factory=time.monotonic)
    _again: dict[str, Injected] = field(default_factory=dict)
    """Folder of a fold -> the fault that kills its next writer too."""
    _back: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.met = [Injected(fault) for fault in self.schedule]

    def watch(self, request: Request, unit: Unit, count: int) -> bool:
        """What :data:`tests.chaos.proxy.Watch` is."""
        with self._lock:
            due = [
                each
                for each in self.met
                if not each.run and each.fault.unit == unit and each.fault.at <= count
            ]
            for each in due:
                each.run, each.after_s = self.world.run, time.monotonic() - self._started
            second = None if unit == "request" else self._again.pop(_folder(request), None)
        for each in due:
            each.outcome = self._break(each, request)
        if second is not None:
            second.outcome += f"; then {self._writer(request, signal.SIGKILL)}"
        return any(each.fault.loses for each in due)

    def settle(self) -> None:
        """Wait until everything that was to come back is back."""
        for thread in self._back:
            thread.join()

    def _break(self, each: Injected, request: Request) -> str:
        world, size = self.world, each.fault.size
        match each.fault.kind:
            case "kill-worker":
                return self._writer(request, signal.SIGKILL)
            case "kill-worker-twice":
                self._again[_folder(request)] = each
                return self._writer(request, signal.SIGKILL)
            case "stop-worker":
                writer = who_asks(request.port, world.proxy.server_port)
                self._later(size, lambda: send(writer, signal.SIGCONT))
                return f"{send(writer, signal.SIGSTOP)} for {size} s"
            case "kill-driver":
                assert world.driver is not None
                world.driver.kill()
                return f"SIGKILL to the driver ({world.driver.pid})"
            case "kill-head":
                return send(head_of(world.mark), signal.SIGKILL)
            case "s3-kill":
                world.store.kill()
                self._later(size, world.store.start)
                return f"killed, back after {size} s"
            case "mlflow-kill":
                world.tracking.kill()
                self._later(size, world.tracking.start)
                return f"killed, back after {size} s"
            case "mlflow-hang":
                world.tracking.suspend()
                self._later(size, world.tracking.resume)
                return f"hung for {size} s"
            case kind:
                fault = kind.removeprefix("s3-").replace("503", "slow-down")
                world.proxy.arm(fault, size)
                return f"{size} x {fault}"

    def _writer(self, request: Request, number: signal.Signals) -> str:
        return send(who_asks(request.port, self.world.proxy.server_port), number)

    def _later(self, delay_s: float, act: Callable[[], object]) -> None:
        def wait_and_act() -> None:
            time.sleep(delay_s)
            act()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        self._back.append(thread)


def _folder(request: Request) -> str:
    return str(PurePosixPath(request.path).parent)
