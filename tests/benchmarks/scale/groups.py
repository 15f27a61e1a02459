"""Worker groups: started where there is room and work, they train fold after fold."""

from collections.abc import Callable
from typing import Any

import simpy

from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.objects import Objects
from tests.benchmarks.scale.queue import Place, Queue
from tests.benchmarks.scale.world import Group, Job, Node, World


class Groups:
    """Of all nodes."""

    def __init__(self, world: World, queue: Queue, objects: Objects) -> None:
        self._world, self._queue, self._objects = world, queue, objects
        queue.when_placed = self.start
        self._number = self._held = 0
        self.most = 0
        """At once."""
        self.expected = 0
        """Folds that are about to be placed."""
        self.when_empty: Callable[[Node], None] = lambda node: None
        self._holders = simpy.Store(world.env)
        self._holders.put("the head")

    def start(self) -> None:
        """As many as there are folds for, where there is room."""
        world = self._world
        needed = max(self.expected, len(self._queue.waiting.items) + self._held)
        places = [n for n in world.nodes for _ in range(n.free) if not n.leaving]
        for node in places[: max(0, needed - self._number)]:
            group = Group(node)
            self._number += 1
            self.most = max(self.most, self._number)
            node.free -= 1
            node.groups.append(group)
            world.ledger.move("no fold left", "start")
            group.process = world.env.process(self._life(group))

    def _end(self, group: Group) -> None:
        self._world.ledger.move(group.at, "no fold left")
        self._number -= 1
        group.node.free += 1
        group.node.groups.remove(group)
        if not group.node.groups:
            self.when_empty(group.node)

    def _now(self, group: Group, at: str) -> None:
        self._world.ledger.move(group.at, at)
        group.at = at

    def _life(self, group: Group) -> Steps:
        """Until it has nothing to do, or loses its node."""
        world = self._world
        try:
            yield from self._come_up()
            while True:
                yield from self._take(group)
                if group.job is None:
                    break
                yield from self._train(group, group.job)
        except simpy.Interrupt:
            if group.at == "train":
                world.ledger.tick()
                world.ledger.lose(world.env.now - group.epoch_began_s)
            if group.job is not None:
                self._held -= 1
                self._queue.place(group.job, first=True)
        self._end(group)

    def _come_up(self) -> Steps:
        """Controller, its companion, worker; what happens on the node only takes time."""
        world, costs = self._world, self._world.costs
        if world.design.controllers_on_head:
            world.env.process(world.head.work(costs.companion_start_s))
            yield from world.head.work(costs.controller_start_s)
            world.head.add_idle(costs.group_idle)
        else:
            yield world.env.timeout(costs.controller_start_s)
        if world.cluster.one_machine:
            yield from world.head.work(costs.worker_start_s + costs.node_start_cpu_s)
        else:
            yield world.env.timeout(costs.worker_start_s)
        yield world.env.timeout(costs.group_wait_s)

    def _take(self, group: Group) -> Steps:
        """Wait for a fold; none when the group's node leaves, or nothing comes for long."""
        world, queue = self._world, self._queue
        self._now(group, "idle")
        queue.note_callers()
        while not group.node.leaving:
            asked = queue.waiting.get()
            try:
                if world.cluster.grows:
                    yield asked | world.env.timeout(world.design.group_patience_s)
                else:
                    yield asked
            except simpy.Interrupt:  # the node leaves
                asked.cancel()
                if asked.triggered:
                    queue.place(_got(asked).job, first=True)
                return
            if not asked.triggered:
                asked.cancel()
                self.expected = 0
                return
            job: Job = _got(asked).job
            if not job.done.triggered:
                group.job = job
                self._held += 1
                return

    def _train(self, group: Group, job: Job) -> Steps:
        """A fold, from where it stands."""
        world, queue, node = self._world, self._queue, group.node
        self._now(group, "around")
        yield from queue.carry()
        if not (node.frames and node.frames.triggered):
            self._now(group, "frames")
            yield from self._fetch(node)
            self._now(group, "around")
        yield from self._begin_fold()
        planned = world.corpus.epochs
        while job.epochs < planned and not (job.withdrawn or node.leaving):
            group.epoch_began_s = world.env.now
            self._now(group, "train")
            if world.first_epoch_s is None:
                world.first_epoch_s = world.env.now
            yield world.env.timeout(world.epoch_s(job.trial))
            self._now(group, "save")
            yield from self._objects.save(world.costs.progress_bytes)
            yield from queue.ask()
            job.epochs += 1
            world.epochs += 1
            news, job.news = job.news, world.env.event()
            news.succeed()
        self._now(group, "around")
        if job.epochs == planned and not job.withdrawn:
            # Weights and a result written, the progress deleted, the queue told.
            yield from self._objects.save(world.costs.progress_bytes / 4)
            yield from self._objects.ask(puts=2)
            yield from queue.ask()
            world.fold_ends_s.append(world.env.now)
        group.job = None
        self._held -= 1
        if job.withdrawn or job.epochs == planned:
            job.done.succeed()
        else:
            queue.place(job, first=True)

    def _begin_fold(self) -> Steps:
        world, costs = self._world, self._world.costs
        each_s = costs.fold_start_s_per_utterance * world.corpus.utterances
        if world.cluster.one_machine:
            yield from world.head.work(costs.fold_start_s + each_s)
        else:
            yield world.env.timeout(costs.fold_start_s + each_s)
        yield from self._objects.ask(gets=2)

    def _fetch(self, node: Node) -> Steps:
        """Frames come to a node once: from whoever has them, or out of the store onto its disk."""
        world = self._world
        if node.frames is not None:
            yield node.frames
            return
        node.frames = world.env.event()
        if not world.design.holds(world.corpus):
            four = 4 * world.costs.stream_bytes_s
            yield world.env.timeout(world.corpus.frame_bytes / four)
        elif not world.cluster.one_machine:
            asked = self._holders.get()
            try:
                yield asked
                yield world.env.timeout(world.corpus.frame_bytes / world.costs.link_bytes_s)
            finally:
                asked.cancel()
                if asked.triggered:
                    self._holders.put("whoever gave them")
            self._holders.put("a node")
        node.frames.succeed()


def _got(asked: simpy.Event) -> Place:
    """What was got."""
    found: Any = asked.value
    return found
