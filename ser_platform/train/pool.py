"""Worker groups and their queue, for as long as a study or a training run needs them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import cast

import ray
from ray.actor import ActorHandle
from ray.exceptions import ActorDiedError, RayError

from ser_platform.config.schema import ClusterConfig
from ser_platform.errors import StoppedError
from ser_platform.runtime import groups_that_fit, live_nodes
from ser_platform.train.group import run_group
from ser_platform.train.queue import FoldQueue
from ser_platform.train.waiting import Waiting

_log = logging.getLogger(__name__)

_LAST_WAIT_S = 30.0
_LAST_LOOK_S = 5.0
_LOOK_S = 1.0
"""How often the cluster is looked at; a look takes some milliseconds."""


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
    queue = cast(
        ActorHandle, ray.remote(num_cpus=0)(FoldQueue).remote(groups, config.max_failures)
    )
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
                ray.get(queue.close.remote())
            for thread in [starter, *serving]:
                # A group that the cluster never had room for would be waited for without end.
                thread.join(patience_s)


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
    """Tell the queue what room the cluster has, and the reader what folds wait for."""
    while not over.wait(_LOOK_S) and _look_once(queue, config, groups, waiting):
        pass


def _look_once(queue: ActorHandle, config: ClusterConfig, groups: int, waiting: Waiting) -> bool:
    """False once there is no queue any more; who waits for a fold hears it too."""
    try:
        if config.groups == "auto":
            groups = max(1, groups_that_fit(config))
        waiting.look(ray.get(queue.follow.remote(groups, list(live_nodes()))))
    except ActorDiedError:
        return False
    except RayError as e:  # the head is busy, or restarts
        _log.warning("ray: the cluster could not be looked at: %s", e)
    return True
