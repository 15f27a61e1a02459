"""Whether nodes have room on disk for frames that memory does not hold; asked before training."""

import logging
import platform

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ser_platform.config.schema import ClusterConfig
from ser_platform.features.mapped import absent_parts
from ser_platform.features.parts import StoredPart
from ser_platform.features.scratch import lies_in_memory, refuse_small_disk, scratch_folder
from ser_platform.runtime.nodes import live_nodes, needs
from ser_platform.runtime.tasks import fetch
from ser_platform.train.resident import Resident

_log = logging.getLogger(__name__)


def refuse_small_disks(whole: Resident, config: ClusterConfig) -> None:
    """See that every node that can hold a worker has room for the files of all parts.

    A node that joins later finds out by itself, when its workers make the files.

    Args:
        whole: frames that stay in the object store.
        config: of workers.

    Raises:
        ScratchError: for the first that has not, naming it.
    """
    # Of no CPU: workers may hold all of them.
    task = ray.remote(num_cpus=0)(_look)
    asked = [
        task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            whole
        )
        for node, has in live_nodes().items()
        if all(has.get(name, 0) >= need for name, need in needs(config).items())
    ]
    for answer in asked:
        try:
            warning = fetch(answer)
        except RayError:
            continue  # the node is gone, and no worker of ours will be there
        if warning:
            _log.warning("%s", warning)


def _look(whole: Resident) -> str:
    """What is to be said of this node."""
    folder = scratch_folder(whole.scratch)
    stored: list[StoredPart] = ray.get([reference for reference in whole.frames if reference])
    absent = absent_parts(stored, folder)
    refuse_small_disk(folder, sum(p.size_bytes for p in absent), {p.key for p in stored})
    if not lies_in_memory(folder):
        return ""
    return (
        f"{folder} on {platform.node()} lies in memory (tmpfs), so frames take memory there all "
        "the same; name a folder on a disk: cluster.scratch"
    )
