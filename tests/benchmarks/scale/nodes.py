"""Nodes that come, stay, are taken away, or go when they have nothing to do."""

from math import ceil

from tests.benchmarks.scale.groups import Groups
from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.search import Search
from tests.benchmarks.scale.world import Node, World

_LOOK_S = 5.0
"""How often an autoscaler looks at what is asked for."""


class Nodes:
    """Of a cluster with GPUs."""

    def __init__(self, world: World, groups: Groups, search: Search) -> None:
        self._world, self._groups, self._search = world, groups, search
        self._coming = 0
        if world.cluster.grows:
            groups.when_empty = lambda node: world.env.process(self._let_go(node)) and None

    def all_there(self) -> None:
        """A cluster that does not grow."""
        cluster = self._world.cluster
        for number in range(cluster.nodes):
            gpus = min(cluster.gpus_per_node, cluster.gpus - number * cluster.gpus_per_node)
            self._world.env.process(self._node(gpus, after_s=0.0))

    def grow(self) -> Steps:
        """What an autoscaler sees: groups that would fit nowhere, so many at a time."""
        world, cluster = self._world, self._world.cluster
        while not world.searched.triggered:
            lacking = min(world.wanted - world.room, world.design.asked_at_once)
            for _ in range(ceil(lacking / cluster.gpus_per_node) - self._coming):
                self._coming += 1
                world.env.process(self._node(cluster.gpus_per_node, cluster.node_start_s))
            yield world.env.timeout(_LOOK_S)

    def _node(self, gpus: int, after_s: float) -> Steps:
        world, cluster = self._world, self._world.cluster
        yield world.env.timeout(after_s)
        self._coming -= cluster.grows
        if world.searched.triggered:
            return
        node = Node(gpus, free=gpus)
        world.nodes.append(node)
        world.ledger.add("no fold left" if world.prepared.triggered else "preparation", gpus)
        self._search.look_again()
        if world.prepared.triggered:
            self._groups.start()
        if cluster.preemptions_per_node_hour:
            if not world.prepared.triggered:  # what is lost before is nothing of the study
                yield world.prepared
            lives_s = 3600 * world.rng.exponential(1 / cluster.preemptions_per_node_hour)
            yield world.env.timeout(lives_s)
            yield from self._taken_away(node)

    def _taken_away(self, node: Node) -> Steps:
        """A spot instance: told first, gone some time later; another one is asked for."""
        world = self._world
        if node not in world.nodes or world.searched.triggered:
            return
        world.ledger.tick()
        node.leaving = True
        for group in list(node.groups):
            if group.at == "idle" and group.process is not None:
                group.process.interrupt()
        yield world.env.timeout(world.cluster.notice_s)
        if world.searched.triggered:
            return
        for group in list(node.groups):
            if group.process is not None:
                group.process.interrupt()
        yield world.env.timeout(0)  # until they have
        self._gone(node)
        if not world.cluster.grows:
            world.env.process(self._node(node.gpus, world.cluster.node_start_s))

    def _let_go(self, node: Node) -> Steps:
        """A node without groups goes, after a while."""
        world = self._world
        yield world.env.timeout(world.cluster.idle_timeout_s)
        if not (node.groups or node.leaving or world.searched.triggered) and node in world.nodes:
            self._gone(node)

    def _gone(self, node: Node) -> None:
        self._world.ledger.add("no fold left", -node.gpus)
        self._world.nodes.remove(node)
