"""How an autoscaler hears of folds that no worker group is there for."""

import ray
from ray.util import placement_group_table
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group

from ser_platform.config.schema import ClusterConfig
from ser_platform.runtime.nodes import needs

_MOST = 64
"""Groups asked for at a time, beyond those that fit: Ray looks at each one again and again."""


class Demand:
    """Room that is asked for and never used.

    A group is started where it fits, for each costs a process on the head; so Ray would never
    learn that more could be used. A placement group stands for each of them, and is given back
    as soon as a node has room for it: the group that is started there takes it.

    Ray's own ``request_resources`` would do it in a line, but outlives a driver that is killed:
    the cluster would stay large with nobody there. These end with the connection.
    """

    def __init__(self, config: ClusterConfig) -> None:
        self._bundles = [needs(config)] * config.workers
        self._asked: list[PlacementGroup] = []

    def ask(self, groups: int) -> None:
        """Have room asked for so many groups, in the place of what was asked for before."""
        wanted = min(groups, _MOST)
        if not (wanted or self._asked):
            return
        table = placement_group_table()
        open_, placed = [], []
        for asked in self._asked:
            is_open = table[asked.id.hex()]["state"] in ("PENDING", "PREPARED", "RESCHEDULING")
            (open_ if is_open else placed).append(asked)
        for surplus in [*placed, *open_[wanted:]]:
            remove_placement_group(surplus)
        self._asked = open_[:wanted]
        for _ in range(wanted - len(self._asked)):
            self._asked.append(placement_group(self._bundles, strategy="PACK"))

    def close(self) -> None:
        """Ask for nothing any more."""
        if ray.is_initialized():
            self.ask(0)
