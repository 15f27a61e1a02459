"""Work spread over a cluster: an item a task."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError

from ser_platform.config.inputs import FeatureConfig, PretrainedConfig
from ser_platform.errors import ConfigError, WorkersError
from ser_platform.redaction import protect_logs

Item = TypeVar("Item")
Result = TypeVar("Result")
Content = TypeVar("Content")

_RETRIES = 3
"""Of a task that loses its process."""


def fetch(reference: ray.ObjectRef) -> Any:
    """``ray.get``, but what the task raised is raised as it was."""
    try:
        return ray.get(reference)
    except RayTaskError as e:
        raise e.cause from e


def spread(
    function: Callable[[Item], Result], items: Iterable[Item], gpus: float = 0, cpus: float = 1
) -> Iterator[Result]:
    """``function`` of every item as Ray tasks of so many CPUs, results as they finish.

    Ray hides GPUs from a task that asks for none: ``gpus`` is what each asks for.

    Items are drawn only when a task can take them, so that memory stays bounded. When a task
    fails, or what gives the items, those already started still finish before that is raised.

    Raises:
        WorkersError: when a task loses its process again and again.
    """
    task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=_RETRIES)(_unwrapped)
    waiting = iter(items)
    running: list[ray.ObjectRef] = []
    failure: Exception | None = None
    while True:
        at_once = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)))
        if failure is None:
            try:
                drawn = islice(waiting, at_once - len(running))
                running.extend(task.remote(function, item) for item in drawn)
            except Exception as e:  # noqa: BLE001  # of what makes the items; raised below
                failure = e
        if not running:
            break
        done, running = ray.wait(running, num_returns=1)
        try:
            result = fetch(done[0])
        except RayError as e:
            lost = WorkersError(
                f"a task lost its process {_RETRIES + 1} times, perhaps for want of memory "
                f"({str(e).splitlines()[0]}); what is stored is not repeated"
            )
            lost.__cause__ = e
            failure = failure or lost
        except Exception as e:  # noqa: BLE001  # raised below, once the others have finished
            failure = failure or e
        else:
            yield result
    if failure is not None:
        raise failure


class Shared(Generic[Content]):
    """A value that many tasks need: it travels once to each machine, not with every task."""

    def __init__(self, value: Content) -> None:
        self._reference = ray.put(value)

    def get(self) -> Content:
        """The value, on whatever machine."""
        return ray.get(self._reference)


def gpus_for(features: FeatureConfig) -> float:
    """How many GPUs a task needs that computes these.

    Raises:
        ConfigError: when CUDA is asked for and no node of the cluster has a GPU.
    """
    if not isinstance(features, PretrainedConfig) or features.device == "cpu":
        return 0
    found = ray.cluster_resources().get("GPU", 0) > 0
    if features.device == "cuda" and not found:
        raise ConfigError(
            "features: device: cuda, and Ray knows of no GPU in this cluster; give device: auto"
        )
    return float(found)


def _unwrapped(function: Callable[[Item], Result], item: Item) -> Result:
    protect_logs()  # of the worker
    return function(item)
