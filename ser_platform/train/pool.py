"""Worker groups and their queue, for as long as a study or a training run needs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from threading import Thread
from typing import cast

import ray
from ray.actor import ActorHandle

from ser_platform.config.schema import ClusterConfig
from ser_platform.train.group import run_group
from ser_platform.train.jobs import FoldQueue

_LAST_WAIT_S = 30.0


@contextmanager
def fold_workers(config: ClusterConfig, groups: int) -> Iterator[ActorHandle]:
    """The queue that at most this many worker groups serve.

    A group starts when there are more folds than groups, and all stop when the block ends;
    folds can be submitted before any of them is up. When the block ends with an exception
    nobody waits for the folds in work: their workers end with the connection to Ray, their
    progress is stored.
    """
    queue = cast(
        ActorHandle, ray.remote(num_cpus=0)(FoldQueue).remote(groups, config.max_failures)
    )
    with TemporaryDirectory(prefix="ser-groups-", ignore_cleanup_errors=True) as folder:
        threads = [
            Thread(target=_serve, args=(queue, number, config, folder), daemon=True)
            for number in range(groups)
        ]
        for thread in threads:
            thread.start()
        try:
            yield queue
        finally:
            if ray.is_initialized():
                ray.get(queue.close.remote())
        for thread in threads:
            # A group that the cluster never had room for would be waited for without end.
            thread.join(_LAST_WAIT_S)


def _serve(queue: ActorHandle, number: int, config: ClusterConfig, folder: str) -> None:
    try:
        if ray.get(queue.another_group.remote()):
            run_group(queue, number, config, folder)
    except Exception as e:  # noqa: BLE001  # told below, to those who wait for folds
        # Nobody waits for this thread while folds are waited for: the queue has to know.
        if ray.is_initialized():
            ray.get(queue.end_group.remote(number, f"{type(e).__name__}: {e}"))
