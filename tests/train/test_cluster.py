"""Worker groups on a cluster that changes: nodes that join and die, shares of GPUs, waits."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
import ray
from ray._private import state as ray_state
from ray._private.node import Node as NodeProcesses
from ray.actor import ActorHandle
from ray.cluster_utils import Cluster

from ser_platform.config.schema import ClusterConfig
from ser_platform.errors import ConfigError
from ser_platform.runtime.connection import RAY_SETTINGS
from ser_platform.runtime.nodes import groups_that_fit, live_nodes, worker_groups
from ser_platform.train import group as group_module
from ser_platform.train.pool import fold_workers
from ser_platform.train.queue import Standing
from ser_platform.train.waiting import Asked, Waiting, asked
from tests.injection import injected
from tests.train.test_workers import job, read, submit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ONE = ClusterConfig(max_failures=2)


@pytest.fixture(scope="module")
def head(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A head without CPUs for training, joined."""
    monkeypatch_module.setenv("RAY_AUTH_MODE", "disabled")
    for name, value in RAY_SETTINGS.items():
        monkeypatch_module.setenv(name, value)
    cluster = Cluster()
    add(cluster, num_cpus=0, include_dashboard=False)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def nodes(head: Cluster) -> Iterator[Cluster]:
    """The head alone; the test adds nodes."""
    yield head
    for node in list(head.worker_nodes):
        # Not in order: Ray 2.60 hears of that at once, not after 15 s, and seems to place groups
        # anew that were just removed: once its control store spun from then on.
        head.remove_node(node, allow_graceful=False)
    until(lambda: len(live_nodes()) == 1)


def add(cluster: Cluster, attempts: int = 5, **has: Any) -> NodeProcesses:
    """A node; on a busy machine it may take several attempts (``connection.start_here``)."""
    try:
        return cluster.add_node(**has)
    except Exception as e:
        if attempts == 1 or "timed out during startup" not in str(e):
            raise
    return add(cluster, attempts - 1, **has)


def node_of(actor: ActorHandle) -> str:
    """Where an actor lies, once it is up."""
    ray.get(actor.capacity.remote())
    return cast(Any, ray_state.actors)(actor._actor_id.hex())["Address"]["NodeID"]


def until(true: Callable[[], object], timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.mark.faults
def test_a_node_that_joins_gets_a_group_and_the_fold_of_one_that_leaves_or_dies_goes_elsewhere(
    nodes: Cluster,
    experiment,
    fold,
    dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second node is preempted with a notice, which counts for nothing; the third dies."""
    monkeypatch.setattr(group_module, "serve_folds", group_module.serve_folds)  # put back after
    faults = injected(
        ["wait@epoch2:train.batch_size=4", "wait@epoch3", "hang@epoch5"], tmp_path / "marks"
    )
    add(nodes, num_cpus=1)
    groups = worker_groups(ONE, may_grow=True)
    assert groups == 1
    with fold_workers(ONE, groups) as queue:
        assert node_of(queue) == ray.get_runtime_context().get_node_id()
        # The first group is busy for as long as the others need to come and go.
        setting, long = experiment(epochs=6), experiment(epochs=2, batch_size=4)
        jobs = [job(setting, fold, dataset, tmp_path / k, k) for k in ("lost", "whole")]
        submit(queue, job(long, fold, dataset, tmp_path / "busy", "busy"))
        until(lambda: faults.struck("wait-0"))
        assert ray.get(queue.capacity.remote()) == 1

        (lost,) = submit(queue, jobs[0])
        second = add(nodes, num_cpus=1)
        until(lambda: faults.struck("wait-1"))
        assert ray.get(queue.capacity.remote()) == 2
        preempt(nodes, second)
        until(lambda: ray.get(queue.capacity.remote()) == 1)
        faults.let_go("wait-1")
        third = add(nodes, num_cpus=1)
        until(lambda: faults.struck("hang"))  # in its third group, which the notice made room for
        assert ray.get(queue.losses.remote()) == {}

        nodes.remove_node(third, allow_graceful=False)
        until(lambda: ray.get(queue.capacity.remote()) == 1)
        faults.let_go("wait-0")
        first, other = map(read, (lost, *submit(queue, jobs[1])))
        assert ray.get(queue.losses.remote()) == {jobs[0].name: 1}
        # The group that lost its node would be waited for at the end.
        add(nodes, num_cpus=1)
    assert [e.val_loss for e in first.epochs] == [e.val_loss for e in other.epochs]


def preempt(cluster: Cluster, node: NodeProcesses) -> None:
    """Say that a node will be taken away, as clouds do of spot instances; it still lives."""
    in_ten_minutes_ms = int(1000 * (time.time() + 600))
    # Compiled, and unknown to type checkers.
    gcs: Any = import_module("ray._raylet").GcsClient(address=cluster.gcs_address)
    reasons: Any = import_module("ray.core.generated.autoscaler_pb2")
    reason = reasons.DRAIN_NODE_REASON_PREEMPTION
    accepted, why_not = gcs.drain_node(node.node_id, reason, "spot instance", in_ten_minutes_ms)
    assert accepted, why_not


def test_a_wait_says_why_once_and_again_when_it_changes(
    nodes: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    add(nodes, num_cpus=1, num_gpus=2)
    config = ClusterConfig(cpus_per_worker=2, gpus_per_worker=1)
    group = ray.util.placement_group([{"CPU": 2, "GPU": 1}])
    until(lambda: asked(config).workers == 1)
    assert asked(config) == Asked(workers=1, grows=False, coming=0)
    waiting = Waiting(config, patience_s=0.2)
    stuck = Standing(waiting=3, started=1, up=0, wanted=3)
    with caplog.at_level(logging.INFO, "ser_platform"):
        for _ in range(3):
            waiting.look(stuck)
            time.sleep(0.15)
        line = (
            "waiting: 3 folds queued; 1 of 1 CPUs free; 1 worker of 2 CPU and 1 GPU needed; this "
            "cluster does not grow: it has nodes of 0 CPU and 0 GPU, 1 CPU and 2 GPU"
        )
        assert caplog.messages == [line]
        add(nodes, num_cpus=2, num_gpus=1)
        assert group.wait(30)
        until(lambda: asked(config).workers == 0)
        waiting.look(stuck)
        assert len(caplog.messages) == 2
        assert caplog.messages[1].endswith("workers have their room and are starting")
        waiting.look(Standing(waiting=3, started=1, up=1, wanted=3))
        waiting.look(stuck)
        assert len(caplog.messages) == 2  # a new wait, and not long yet
        shown: list[str] = []
        with waiting.shown_by(shown.append):
            time.sleep(0.25)
            waiting.look(stuck)
            waiting.look(Standing(waiting=0, started=1, up=1, wanted=0))
        assert shown == ["", caplog.messages[1], "", ""]  # before, then, over, nobody looks
        assert len(caplog.messages) == 2
    ray.util.remove_placement_group(group)


@pytest.mark.parametrize(
    ("node", "gpus", "groups"),
    [
        ({"num_cpus": 8, "num_gpus": 1}, 0.25, 4),
        ({"num_cpus": 3, "num_gpus": 1}, 0.25, 3),
        ({"num_cpus": 8, "num_gpus": 2}, 0.6, 2),  # what is left of two GPUs is no GPU
        ({"num_cpus": 20, "num_gpus": 1}, 0.1, 10),
        ({"num_cpus": 20, "num_gpus": 1}, 0.3, 3),
        ({"num_cpus": 8, "num_gpus": 3}, 2, 1),
    ],
)
def test_shares_of_gpus_are_counted_on_each_node_as_ray_places_them(
    nodes: Cluster, node: dict[str, int], gpus: float, groups: int
) -> None:
    add(nodes, num_cpus=node["num_cpus"], num_gpus=node["num_gpus"])
    config = ClusterConfig(gpus_per_worker=gpus)
    assert groups_that_fit(config) == groups
    bundles = [ray.util.placement_group([{"CPU": 1, "GPU": gpus}]) for _ in range(groups + 1)]
    assert [one.wait(5 if i < groups else 0.5) for i, one in enumerate(bundles)] == [
        *[True] * groups,
        False,
    ]
    for one in bundles:
        ray.util.remove_placement_group(one)


def test_four_shares_of_a_gpu_run_side_by_side_and_know_their_share(nodes: Cluster) -> None:
    add(nodes, num_cpus=4, num_gpus=1)
    config = ClusterConfig(gpus_per_worker=0.25)
    assert worker_groups(config, may_grow=False) == 4

    class Holder:
        def held(self) -> tuple[float, str | None]:
            gpus = ray.get_runtime_context().get_assigned_resources()["GPU"]
            return gpus, os.environ.get("CUDA_VISIBLE_DEVICES")  # noqa: TID251

    share = ray.remote(num_cpus=config.cpus_per_worker, num_gpus=config.gpus_per_worker)
    holders = [cast(ActorHandle, share(Holder).remote()) for _ in range(4)]
    assert ray.get([h.held.remote() for h in holders]) == [(0.25, "0")] * 4


def test_a_machine_without_the_gpu_is_told_so(nodes: Cluster) -> None:
    add(nodes, num_cpus=2)
    with pytest.raises(ConfigError) as refused:
        worker_groups(ClusterConfig(gpus_per_worker=0.5), may_grow=False)
    assert str(refused.value) == (
        "cluster: 1 group(s) of 1 worker(s) of 1 CPU and 0.5 GPU each; Ray has nodes of 0 CPU and "
        "0 GPU, 2 CPU and 0 GPU. Lower cluster.workers, cluster.groups, cluster.cpus_per_worker "
        "or cluster.gpus_per_worker"
    )
