"""The queue of folds, a process on the head: it answers one call after the other."""

from collections.abc import Callable
from dataclasses import dataclass, field

import simpy

from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.world import Job, World


@dataclass(order=True)
class Place:
    """Of a job in the queue."""

    behind: int
    """0 for a job that was given back, 1 for others."""
    number: int
    job: Job = field(compare=False)


class Queue:
    """Trials place folds in it, groups take them out."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._turn = simpy.Resource(world.env, 1)
        self._placed = 0
        self.waiting = simpy.PriorityStore(world.env)
        self.when_placed: Callable[[], None] = lambda: None
        self.busy_s = 0.0
        self.callers = 0
        """That waited in it at once, at most."""

    def ask(self, cpu_s: float | None = None) -> Steps:
        """A call; a change wakes whoever waits for one."""
        world = self._world
        if cpu_s is None:
            woken = world.ledger.idle + world.running * world.study.reads_epochs
            cpu_s = world.costs.queue_message_s + world.costs.queue_message_s_per_waiter * woken
        with self._turn.request() as turn:
            yield turn
            yield from world.head.work(cpu_s)
            self.busy_s += cpu_s

    def carry(self) -> Steps:
        """A fold goes in or out, the ids of its utterances with it: half of what both take."""
        costs = self._world.costs
        cpu_s = costs.queue_fold_s + costs.queue_fold_s_per_id * self._world.ids
        yield from self.ask(cpu_s / 2)

    def place(self, job: Job, *, first: bool = False) -> None:
        self._placed += 1
        self.waiting.put(Place(0 if first else 1, self._placed, job))
        self.when_placed()

    def withdraw(self, job: Job) -> None:
        """It is not wanted: gone if it waits, else it stops after its epoch."""
        if job.done.triggered:
            return
        job.withdrawn = True
        if any(place.job is job for place in self.waiting.items):
            job.done.succeed()

    def note_callers(self) -> None:
        """Every trial waits in a call, and so does every group without a fold."""
        self.callers = max(self.callers, self._world.running + self._world.ledger.idle)
