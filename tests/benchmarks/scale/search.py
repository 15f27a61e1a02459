"""The driver: Ray Tune's loop with the searcher in it, the trials, and the log.

Tune does one thing after the other: it draws a trial if one may run, starts its process, then
looks at one report or end. A trial waits until its report was looked at.
"""

from collections.abc import Callable
from functools import partial
from math import nan

import optuna
import simpy

from ser_platform.tune.pruning import Standing
from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.objects import Objects
from tests.benchmarks.scale.queue import Queue
from tests.benchmarks.scale.settings import Judge
from tests.benchmarks.scale.world import Job, World

_BEAT_S = 0.5


class Search:
    """Of a study, from its first trial to its last."""

    def __init__(self, world: World, queue: Queue, objects: Objects) -> None:
        self._world, self._queue, self._objects = world, queue, objects
        self.judge = Judge(world.study.pruner, world.study.folds, world.corpus.epochs)
        self._inbox = simpy.Store(world.env)
        self._to_log = simpy.Store(world.env)
        self._starting = self._cached = 0
        self.processes = 0
        """Of trials; they are used again."""
        self._in_log = 0

    def look_again(self) -> None:
        """There may be room for another trial."""
        self._inbox.put(_nothing)

    def run(self) -> Steps:
        world = self._world
        world.env.process(self._log())
        while world.ended < world.study.trials:
            may_draw = (
                world.drawn < world.study.trials
                and world.running < world.at_once
                and self._starting < world.design.starts_at_once
            )
            if may_draw:
                yield from self._draw()
            if self._inbox.items or not may_draw:
                act: Callable[[], Steps] = yield self._inbox.get()
                if world.design.looks_when_full:
                    yield from self._compute(world.costs.look_s, world.costs.look_s_per_running)
                yield from world.driver.compute(world.costs.tune_event_s)
                yield from act()
        world.searched.succeed(world.env.now)

    def _compute(self, cpu_s: float, per_running_s: float) -> Steps:
        """What the searcher does with Optuna's study."""
        running = self._world.running if self._world.design.running_are_read else 1
        yield from self._world.driver.compute(cpu_s + per_running_s * running)

    # --- what the loop does

    def _draw(self) -> Steps:
        world, costs = self._world, self._world.costs
        world.ledger.tick()
        number = world.drawn
        world.drawn += 1
        world.running += 1
        world.blocked += 1
        self._starting += 1
        yield from self._objects.ask(gets=1, puts=1)  # the lease is confirmed
        drawing_s = costs.draw_s + costs.draw_s_per_finished * world.ended
        yield from self._compute(drawing_s, costs.draw_s_per_running)
        yield from self._queue.ask()
        world.env.process(self._come_up(number, self.judge.begin()))

    def _come_up(self, number: int, trial: optuna.Trial) -> Steps:
        """A process for a trial; one that has ended a trial is there at once."""
        if self._cached:
            self._cached -= 1
        else:
            self.processes += 1
            self._world.head.add_idle(self._world.costs.trial_idle)
            yield from self._world.head.work(self._world.costs.trial_start_s)
        self._inbox.put(partial(self._started, number, trial))

    def _started(self, number: int, trial: optuna.Trial) -> Steps:
        self._starting -= 1
        self._world.env.process(self._trial(number, trial))
        yield from ()

    def _told(
        self, trial: optuna.Trial, standing: Standing, jobs: list[Job], handled: simpy.Event
    ) -> Steps:
        yield from self._compute(self._world.costs.told_s, self._world.costs.told_s_per_running)
        if not self.judge.goes_on(trial, standing):
            yield from self._queue.ask()
            for job in jobs:
                self._queue.withdraw(job)
        handled.succeed()

    def _ended(self, trial: optuna.Trial, scores: list[float]) -> Steps:
        """The study is told, the folds are read from the store and handed to the log."""
        world, costs = self._world, self._world.costs
        yield from self._objects.ask(gets=1, puts=1)  # the lease is confirmed
        yield from world.driver.compute(costs.end_s)
        self.judge.end(trial, scores, pruned=len(scores) < world.study.folds)
        yield from self._objects.ask(gets=world.study.folds)
        answers = len(scores) * world.answers
        reading_s = costs.read_s + costs.read_s_per_answer * answers
        keeping_s = costs.keep_s + costs.keep_s_per_answer * answers
        yield from world.driver.compute(reading_s + keeping_s)
        self._to_log.put(answers)
        self._in_log += 1
        world.ledger.tick()
        world.ended += 1
        world.running -= 1
        world.blocked -= 1
        self._cached += 1

    # --- trials

    def _trial(self, number: int, trial: optuna.Trial) -> Steps:
        world, env = self._world, self._world.env
        jobs = [Job(number, f, env.event(), env.event()) for f in range(world.study.folds)]
        if world.cluster.apart:
            yield from self._submit(jobs)
        scores: list[float] = []
        for job in jobs:
            if not world.cluster.apart:
                yield from self._submit([job])
            world.ledger.tick()
            world.blocked -= 1
            yield from self._follow(trial, job, jobs, scores)
            world.ledger.tick()
            world.blocked += 1
            if job.withdrawn:
                break
            scores.append(float(world.settings.best_ua[number, job.fold]))
            yield self._report(trial, Standing(list(scores), 0, nan), jobs)
        self._inbox.put(partial(self._ended, trial, scores))

    def _submit(self, jobs: list[Job]) -> Steps:
        for job in jobs:
            yield from self._queue.carry()
            self._queue.place(job)

    def _follow(
        self, trial: optuna.Trial, job: Job, jobs: list[Job], scores: list[float]
    ) -> Steps:
        """Wait for a fold; with a pruner that reads epochs, tell of each."""
        world, seen = self._world, 0
        if not world.study.reads_epochs:
            yield job.done
            return
        while not job.done.triggered:
            if job.epochs == seen:
                yield job.done | job.news
            if job.epochs > seen and not job.done.triggered:
                seen = job.epochs
                best = world.settings.after(job.trial, job.fold, seen / world.corpus.epochs)
                yield self._report(trial, Standing(list(scores), seen, best), jobs)

    def _report(self, trial: optuna.Trial, standing: Standing, jobs: list[Job]) -> simpy.Event:
        handled = self._world.env.event()
        self._inbox.put(partial(self._told, trial, standing, jobs, handled))
        return handled

    # --- the log, a thread of the driver

    @property
    def log_behind_s(self) -> float:
        """CPU seconds of what it has not sent."""
        return self._in_log * self._sending_s(self._world.answers * self._world.study.folds)

    def logged(self) -> Steps:
        """Wait until all is sent."""
        while self._in_log:
            yield self._world.env.timeout(_BEAT_S)

    def _log(self) -> Steps:
        while True:
            answers: int = yield self._to_log.get()
            yield from self._world.driver.compute(self._sending_s(answers))
            self._in_log -= 1

    def _sending_s(self, answers: int) -> float:
        return self._world.costs.send_s + self._world.costs.send_s_per_answer * answers


def _nothing() -> Steps:
    yield from ()
