"""The nodes of a cluster, and how many worker groups they hold."""

import logging
from collections.abc import Iterable, Mapping

import ray
from ray._private.state import state

from ser_platform.config.schema import ClusterConfig
from ser_platform.errors import ConfigError

_log = logging.getLogger(__name__)


def worker_groups(config: ClusterConfig, *, may_grow: bool) -> int:
    """How many worker groups train at the same time.

    Raises:
        ConfigError: when the machine can never hold them; a cluster that may grow is waited for.
    """
    fits = groups_that_fit(config)
    wanted = max(fits, 1) if config.groups == "auto" else config.groups
    if fits < wanted:
        found = ", ".join(sorted(in_words(n, needs(config)) for n in live_nodes().values()))
        message = (
            f"cluster: {wanted} group(s) of {config.workers} worker(s) of "
            f"{in_words(needs(config), needs(config))} each; Ray has nodes of {found}"
        )
        if not may_grow:
            raise ConfigError(
                f"{message}. Lower cluster.workers, cluster.groups, cluster.cpus_per_worker or "
                "cluster.gpus_per_worker"
            )
        _log.info("%s: waiting for the cluster to grow", message)
    return wanted


def groups_that_fit(config: ClusterConfig) -> int:
    """How many worker groups the nodes that live and stay hold, were they empty."""
    leaving = leaving_nodes()
    nodes = [has for node, has in live_nodes().items() if node not in leaving]
    # A worker lies on one node, so what is left over on two of them holds none.
    places = sum(
        min(_holds(name, node.get(name, 0), need) for name, need in needs(config).items())
        for node in nodes
    )
    return places // config.workers


def needs(config: ClusterConfig) -> dict[str, float]:
    """What Ray is asked for a worker."""
    gpus = {"GPU": config.gpus_per_worker} if config.gpus_per_worker else {}
    return {"CPU": config.cpus_per_worker, **gpus}


def live_nodes() -> dict[str, dict[str, float]]:
    """What each node that lives has, by its id."""
    return {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}


def leaving_nodes() -> set[str]:
    """Ids of nodes that are about to be taken away: drained, or told that they are preempted."""
    return set(state.get_draining_nodes())


def in_words(resources: Mapping[str, float], names: Iterable[str]) -> str:
    """``2 CPU and 1 GPU``."""
    return " and ".join(f"{resources.get(name, 0):g} {name}" for name in names)


def _holds(name: str, found: float, need: float) -> int:
    """How often a need fits on a node, in Ray's own units of a ten-thousandth."""
    found, need = round(found * 10_000), round(need * 10_000)
    if name == "GPU" and need < 10_000:
        return found // 10_000 * (10_000 // need)  # a share lies on one GPU
    return int(found // need)
