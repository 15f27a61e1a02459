"""Parts of a simulated cluster: cores of the head, threads of the driver, where time goes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator
from typing import Any

import simpy

Steps = Generator[simpy.Event, Any, None]
"""What a process of simpy goes through."""

_SLICE_S = 0.25
"""Of CPU time that a process of the head has before others do."""
_SWITCH_S = 0.05
"""The same of a thread of the driver."""
_MOST_IDLE = 0.95
"""Share of the cores that idle processes may take; beyond, a head is as good as dead."""


class Head:
    """The machine of the driver, the queue, trials and controllers."""

    def __init__(self, env: simpy.Environment, cores: int) -> None:
        self._env, self.cores = env, cores
        self._free = simpy.Resource(env, cores)
        self.idle = 0.0
        """Cores that processes take which wait for something."""
        self.busy_s = 0.0
        self._idle_s = 0.0
        self._since = 0.0

    def work(self, cpu_s: float) -> Steps:
        """Take so many CPU seconds, in turn with others."""
        while cpu_s > 0:
            part = min(cpu_s, _SLICE_S)
            with self._free.request() as core:
                yield core
                yield self._env.timeout(part / (1 - min(self.idle / self.cores, _MOST_IDLE)))
            self.busy_s += part
            cpu_s -= part

    def add_idle(self, cores: float) -> None:
        """Another process that waits, or one less."""
        self._idle_s += self.idle * (self._env.now - self._since)
        self._since = self._env.now
        self.idle += cores

    @property
    def used_s(self) -> float:
        """Core seconds so far."""
        return self.busy_s + self._idle_s + self.idle * (self._env.now - self._since)


class Driver:
    """The threads of the driver's process: Python lets one of them compute at a time."""

    def __init__(self, env: simpy.Environment, head: Head) -> None:
        self._head = head
        self._turn = simpy.Resource(env, 1)
        self.busy_s = 0.0

    def compute(self, cpu_s: float) -> Steps:
        """In one of its threads."""
        while cpu_s > 0:
            part = min(cpu_s, _SWITCH_S)
            with self._turn.request() as turn:
                yield turn
                yield from self._head.work(part)
            self.busy_s += part
            cpu_s -= part


class Ledger:
    """What GPUs that are paid for are at, and for how long."""

    def __init__(self, env: simpy.Environment, reasons: Callable[[int], dict[str, int]]) -> None:
        """Why idle ones are so is asked of ``reasons``, by their number."""
        self._env, self._reasons = env, reasons
        self._at: Counter[str] = Counter()
        self._since = 0.0
        self._is_closed = False
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """GPU seconds by what they were spent on."""

    def tick(self) -> None:
        """Called before anything changes that reasons depend on."""
        passed_s, self._since = self._env.now - self._since, self._env.now
        if passed_s:
            for what, gpus in self._at.items():
                if what != "idle":
                    self.seconds[what] += gpus * passed_s
            if self._at["idle"]:
                for what, gpus in self._reasons(self._at["idle"]).items():
                    self.seconds[what] += gpus * passed_s

    def add(self, what: str, gpus: int = 1) -> None:
        """GPUs that are there now, or with a negative number no more."""
        if self._is_closed:
            return
        self.tick()
        self._at[what] += gpus
        assert self._at[what] >= 0, what

    def move(self, before: str, after: str, gpus: int = 1) -> None:
        """They stop this and begin that."""
        self.add(before, -gpus)
        self.add(after, gpus)

    def close(self, what: str) -> None:
        """Whatever they are at: from now on all are at this, and stay so."""
        self.tick()
        self._at = Counter({what: self._at.total()})
        self._is_closed = True

    def lose(self, seconds: float) -> None:
        """Of training that has to be done again."""
        self.seconds["train"] -= seconds
        self.seconds["lost"] += seconds

    @property
    def gpus(self) -> int:
        return self._at.total()

    @property
    def idle(self) -> int:
        return self._at["idle"]
