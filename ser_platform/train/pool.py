"""Worker groups and their queue, for as long as a study or a training run needs them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import cast

import ray
from ray._common.constants import HEAD_NODE_RESOURCE_NAME
from ray.actor import ActorHandle
from ray.exceptions import ActorDiedError, RayError

from ser_platform.config.schema import ClusterConfig
from ser_platform.errors import StoppedError
from ser_platform.runtime.nodes import groups_that_fit, leaving_nodes, live_nodes
from ser_platform.storage import met
from ser_platform.train.demand import Demand
from ser_platform.train.group import run_group
from ser_platform.train.queue import FoldQueue, Standing
from ser_platform.train.waiting import Waiting, asked

_log = logging.getLogger(__name__)

_LAST_WAIT_S = 30.0
_LAST_LOOK_S = 5.0
_LOOK_S = 1.0
"""How often the cluster is looked at; a look takes some milliseconds."""
_CALLERS = 100_000
"""That the queue answers at once. Every trial waits in a call of its own, and so does every group
without a fold: at Ray's default of 1,000 nobody could hand in what they all wait for."""


@contextmanager
def fold_workers(
    config: ClusterConfig, groups: int, waiting: Waiting | None = None
) -> Iterator[ActorHandle]:
    """The queue that worker groups serve: this many; with ``groups: auto`` what the cluster holds.

    A group starts when there are more folds than groups, and all stop when the block ends;
    folds can be submitted before any of them is up. When the block ends with an exception
    nobody waits for the folds in work: their workers end with the connection to Ray, their
    progress is stored.
    """
    queue = start_queue(groups, config.max_failures)
    with TemporaryDirectory(prefix="ser-groups-", ignore_cleanup_errors=True) as folder:
        over = Event()
        serving: list[Thread] = []
        starter = Thread(target=_start_groups, args=(queue, config, folder, serving), daemon=True)
        watched = (queue, config, groups, waiting or Waiting(config), over)
        watcher = Thread(target=_look, args=watched, daemon=True)
        starter.start()
        watcher.start()
        # Folds in work are waited for by nobody once something has failed; a study that was asked
        # to stop has taken its own back, so that its groups are about to end.
        patience_s = 0.0
        try:
            yield queue
            patience_s = _LAST_WAIT_S
        except StoppedError:
            patience_s = _LAST_WAIT_S
            raise
        finally:
            over.set()
            # It must not ask Ray for anything once the connection is closed.
            watcher.join(_LAST_LOOK_S)
            if ray.is_initialized():
                met.add(cast("dict[met.Kind, int]", ray.get(queue.close.remote())))
            for thread in [starter, *serving]:
                # A group that the cluster never had room for would be waited for without end.
                thread.join(patience_s)


def start_queue(groups: int, max_failures: int) -> ActorHandle:
    """The queue as an actor of Ray, on the head."""
    # There, which nothing outlives: elsewhere a node that is taken away would end the study.
    head = {HEAD_NODE_RESOURCE_NAME: 0.0001}
    options = {"num_cpus": 0, "max_concurrency": _CALLERS, "resources": head}
    actor = ray.remote(**options)(FoldQueue)
    return cast(ActorHandle, actor.remote(groups, max_failures))


def _start_groups(
    queue: ActorHandle, config: ClusterConfig, folder: str, serving: list[Thread]
) -> None:
    """Start a group in a thread of its own whenever the queue wants another one."""
    try:
        while (number := ray.get(queue.next_group.remote())) is not None:
            thread = Thread(target=_serve, args=(queue, number, config, folder), daemon=True)
            serving.append(thread)
            thread.start()
    except RayError:
        if ray.is_initialized():  # else it is over, in the middle of the wait
            raise


def _serve(queue: ActorHandle, number: int, config: ClusterConfig, folder: str) -> None:
    try:
        run_group(queue, number, config, folder)
    except Exception as e:  # noqa: BLE001  # told below, to those who wait for folds
        # Nobody waits for this thread while folds are waited for: the queue has to know.
        if ray.is_initialized():
            ray.get(queue.end_group.remote(number, f"{type(e).__name__}: {e}"))


def _look(
    queue: ActorHandle, config: ClusterConfig, groups: int, waiting: Waiting, over: Event
) -> None:
    """Tell the queue what room the cluster has, the reader what folds wait for, Ray what lacks."""
    demand = Demand(config)
    while not over.wait(_LOOK_S) and _look_once(queue, config, groups, waiting, demand):
        pass
    demand.close()


def _look_once(
    queue: ActorHandle, config: ClusterConfig, groups: int, waiting: Waiting, demand: Demand
) -> bool:
    """False once there is no queue any more; who waits for a fold hears it too."""
    try:
        fit = groups_that_fit(config)
        if config.groups == "auto":
            groups = max(1, fit)
        grows = asked(config).grows
        told = queue.follow.remote(groups, list(live_nodes()), leaving_nodes(), shrinks=grows)
        standing = cast("Standing", ray.get(told))
        waiting.look(standing)
        if config.groups == "auto" and grows:
            # Not while a group that fits waits for its room: what is asked for would take it.
            lacking = standing.wanted - groups if standing.up >= fit else 0
            demand.ask(max(0, lacking))
    except ActorDiedError:
        return False
    except RayError as e:  # the head is busy, or restarts
        _log.warning("ray: the cluster could not be looked at: %s", e)
    return True
