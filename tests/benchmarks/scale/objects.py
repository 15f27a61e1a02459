"""The object store: requests that take their time, and connections that are not without number."""

from math import isfinite

import simpy

from tests.benchmarks.scale.machinery import Steps
from tests.benchmarks.scale.world import World

_MANY = 10**6


class Objects:
    """As S3 is: far away, and wide."""

    def __init__(self, world: World) -> None:
        self._world = world
        streams = world.costs.store_bytes_s / world.costs.stream_bytes_s
        self.streams = max(1, round(streams)) if isfinite(streams) else _MANY
        self._free = simpy.Resource(world.env, self.streams)
        self.busy_s = 0.0

    def save(self, size: float) -> Steps:
        """Write an object."""
        world = self._world
        world.requests.update(put=1)
        with self._free.request() as stream:
            yield stream
            seconds = world.costs.request_s + size / world.costs.stream_bytes_s
            yield world.env.timeout(seconds)
            self.busy_s += seconds

    def ask(self, gets: int = 0, puts: int = 0) -> Steps:
        """Small requests, one after the other."""
        self._world.requests.update(get=gets, put=puts)
        yield self._world.env.timeout((gets + puts) * self._world.costs.request_s)
