"""A worker group: one Ray Train job whose DDP workers train one fold after another.

Starting workers costs far more than training a small fold (docs/decisions.md), so a group is
started once per study and serves folds of all its trials.
"""

import traceback
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import ray
import torch
from ray import train
from ray.actor import ActorHandle
from ray.exceptions import OutOfMemoryError
from ray.train.collective import broadcast_from_rank_zero
from ray.train.torch import TorchConfig, TorchTrainer, get_device

from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.errors import SerError, TrainingError, WithdrawnError
from ser_platform.features.scratch import leave
from ser_platform.redaction import protect_logs
from ser_platform.results import Epoch, FoldResult
from ser_platform.runtime.nodes import needs
from ser_platform.storage import met, open_store
from ser_platform.train.fold import AfterEpoch, score_fold, train_fold
from ser_platform.train.jobs import FoldJob
from ser_platform.train.memory import is_out_of_memory, kernel_kills
from ser_platform.train.ranks import Ranks

_TIMEOUT_S = 1800
"""A worker waits this long for the others before it counts them as lost."""


_UNUSED = {
    "DatasetsCallback": "Ray Data's process, which nobody asks",
    "PlacementGroupCleanerCallback": (
        "a process that outlives a killed driver, and for ever: it tries to end itself from a "
        "thread, where Ray does not allow it. Room is given back without it when a driver ends"
    ),
}
"""What Ray Train starts for each group, seconds of a core, and why we do without; by name, so that
a Ray without it only means that there is nothing to leave out."""


class _FoldTrainer(TorchTrainer):
    """Without the processes that no group needs."""

    def _create_default_callbacks(self) -> list[Any]:
        callbacks = super()._create_default_callbacks()
        return [c for c in callbacks if type(c).__name__ not in _UNUSED]


class _MemoryWatch(train.UserCallback):
    """Tells the queue what only Ray knows: that it killed a worker before the machine was full."""

    def __init__(self, queue: ActorHandle, group: int) -> None:
        self._queue, self._group = queue, group

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Called in Ray Train's controller, before the workers are started again."""
        for error in worker_exceptions.values():
            found = getattr(error, "health_check_failure", error)
            if isinstance(found, OutOfMemoryError):
                self._queue.out_of_memory.remote(self._group, "Ray killed its process")


def run_group(queue: ActorHandle, number: int, config: ClusterConfig, folder: str) -> None:
    """Serve folds until the queue is closed; blocks.

    Ray Train restarts the workers when one dies; the queue decides how often a fold may be
    the cause, so the group itself never gives up.
    """
    gpu = config.gpus_per_worker > 0
    _FoldTrainer(
        serve_folds,
        train_loop_config={"queue": queue, "group": number},
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo", timeout_s=_TIMEOUT_S),
        scaling_config=train.ScalingConfig(
            num_workers=config.workers, use_gpu=gpu, resources_per_worker=needs(config)
        ),
        run_config=train.RunConfig(
            # A used name would make Ray resume an older group from this folder.
            name=f"group{number}-{uuid.uuid4().hex[:8]}",
            storage_path=folder,
            failure_config=train.FailureConfig(max_failures=-1),
            logging_config=train.LoggingConfig(log_level="ERROR"),
            callbacks=[_MemoryWatch(queue, number)],
        ),
    ).fit()


def serve_folds(config: dict[str, Any]) -> None:
    """What each worker of a group runs: take the group's next fold, train it, hand it in."""
    protect_logs()  # of the worker
    queue, group = config["queue"], config["group"]
    context = train.get_context()
    here = ray.get_runtime_context()
    held = here.get_assigned_resources()
    world = context.get_world_size()
    ranks = Ranks(context.get_world_rank(), world, get_device(), held.get("GPU", 0.0))
    torch.set_num_threads(max(1, int(held["CPU"])))
    ray.get(queue.join.remote(group, ranks.rank, here.get_node_id(), kernel_kills()))
    report = partial(_report, queue, group)
    while True:
        taken = ray.get(queue.take.remote(group)) if ranks.rank == 0 else None
        name = broadcast_from_rank_zero(taken)
        if name is None:
            leave()  # this node may need the room
            return
        try:
            result = _do(ray.get(queue.job.remote(name)), ranks, report)
        except TrainingError as e:  # raised on every rank alike, so the group is still whole
            if ranks.rank == 0:
                ray.get(queue.fail.remote(group, str(e)))
        except WithdrawnError:  # so is this
            if ranks.rank == 0:
                ray.get(queue.leave.remote(group))
        except Exception as e:
            if is_out_of_memory(e):
                ray.get(queue.out_of_memory.remote(group, f"{type(e).__name__}: {e}"))
            else:
                reason = str(e) if isinstance(e, SerError) else traceback.format_exc(limit=-3)
                ray.get(queue.note_crash.remote(group, reason))
            raise
        else:
            if counts := met.taken():
                ray.get(queue.note_met.remote(counts))
            if ranks.rank == 0:
                epochs = [epoch.selected_ua for epoch in result.epochs]
                done = result.model_dump_json()
                ray.get(queue.finish.remote(group, done, epochs, result.seconds))


def _report(queue: ActorHandle, group: int, epochs: Sequence[Epoch]) -> bool:
    """Tell the queue how a fold does; whether it is still wanted."""
    seconds = sum(epoch.seconds for epoch in epochs)
    scores = [epoch.selected_ua for epoch in epochs]
    told = queue.report.remote(group, scores, seconds, kernel_kills())
    return cast("bool", ray.get(told))


def _do(job: FoldJob, ranks: Ranks, report: AfterEpoch) -> FoldResult:
    experiment = Experiment.model_validate_json(job.experiment)
    work = score_fold if job.score_test else train_fold
    store = open_store(job.store)
    dataset = job.dataset.fetch()
    return work(experiment, job.run_key, job.fold, dataset, store, ranks, report)
