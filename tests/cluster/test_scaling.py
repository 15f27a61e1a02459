"""What Ray's autoscaler (v2) would start for the work of a study: its own scheduler, our clusters.

Nothing is started: the scheduler is asked what it wants, as the autoscaler asks it every few
seconds.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

import pytest
from ray.autoscaler.v2.instance_manager.config import AutoscalingConfig, NodeTypeConfig
from ray.autoscaler.v2.scheduler import ResourceDemandScheduler, SchedulingRequest
from ray.autoscaler.v2.utils import ResourceRequestUtil

from ser_platform.config.schema import ClusterConfig
from ser_platform.runtime.nodes import needs
from tests.cluster.files import CLUSTER, LAUNCHERS, document
from tests.cluster.kuberay import autoscaling

# Its classes are made when it is imported, so that type checkers know none of them.
messages = import_module("ray.core.generated.autoscaler_pb2")

Kinds = dict[str, NodeTypeConfig]
GROUP = needs(ClusterConfig(gpus_per_worker=1.0))
"""What a worker of a fold asks for."""


def kinds(name: str) -> Kinds:
    return _config(name).get_node_type_configs()


@cache
def _config(name: str) -> AutoscalingConfig:
    if name == "raycluster.yaml":
        config = autoscaling(document(CLUSTER / "kuberay" / name)["spec"])
    else:
        config = document(CLUSTER / name)
    return AutoscalingConfig(config, skip_content_hash=True)


def started(
    among: Kinds,
    tasks: Sequence[Mapping[str, float]] = (),
    groups: Sequence[Sequence[Mapping[str, float]]] = (),
    failed: Sequence[str] = (),
) -> dict[str, int]:
    """Nodes that are asked for, by group, without those of the head.

    Args:
        among: the groups of a cluster.
        tasks: what single tasks ask for.
        groups: what the workers of each worker group ask for, together or not at all.
        failed: groups that had no machine to give a moment ago.
    """
    asked = ResourceDemandScheduler(None).schedule(
        SchedulingRequest(
            disable_launch_config_check=True,
            node_type_configs=among,
            max_num_nodes=20,
            resource_requests=ResourceRequestUtil.group_by_count(
                [ResourceRequestUtil.make(dict(task)) for task in tasks]
            ),
            gang_resource_requests=[
                messages.GangResourceRequest(
                    requests=[ResourceRequestUtil.make(dict(worker)) for worker in group]
                )
                for group in groups
            ],
            cloud_resource_availabilities=dict.fromkeys(failed, 0.0),
            recoverable_resource_availabilities=dict.fromkeys(failed, 0.0),
        )
    )
    assert not asked.infeasible_resource_requests
    assert not asked.infeasible_gang_resource_requests
    return {each.instance_type: each.count for each in asked.to_launch}


@pytest.fixture(params=[*(path.name for path in LAUNCHERS), "raycluster.yaml"])
def cluster(request: pytest.FixtureRequest) -> Kinds:
    return kinds(request.param)


def spot_and_on_demand(cluster: Kinds) -> tuple[str, str]:
    with_gpu = [name for name, kind in cluster.items() if kind.resources.get("GPU")]
    spot, on_demand = sorted(with_gpu, key=lambda name: "demand" in name)
    return spot, on_demand


def test_without_work_nothing_is_started(cluster: Kinds) -> None:
    assert started(cluster) == {}


def test_worker_groups_get_spot_machines(cluster: Kinds) -> None:
    spot, _ = spot_and_on_demand(cluster)
    assert started(cluster, groups=[[GROUP]]) == {spot: 1}
    assert started(cluster, groups=[[GROUP]] * 4) == {spot: 4}


def test_when_there_is_no_spot_machine_the_others_are_asked_for(cluster: Kinds) -> None:
    spot, on_demand = spot_and_on_demand(cluster)
    assert started(cluster, groups=[[GROUP]], failed=[spot]) == {on_demand: 1}


def test_when_there_is_neither_spot_is_tried_again_first(cluster: Kinds) -> None:
    spot, on_demand = spot_and_on_demand(cluster)
    assert started(cluster, groups=[[GROUP]], failed=[spot, on_demand]) == {spot: 1}


def test_a_fold_over_two_workers_gets_two_machines(cluster: Kinds) -> None:
    spot, _ = spot_and_on_demand(cluster)
    assert started(cluster, groups=[[GROUP, GROUP]]) == {spot: 2}


def test_four_groups_share_a_gpu_and_so_a_machine(cluster: Kinds) -> None:
    share = needs(ClusterConfig(gpus_per_worker=0.25, cpus_per_worker=0.5))
    spot, _ = spot_and_on_demand(cluster)
    assert started(cluster, groups=[[share]] * 4) == {spot: 1}


def test_features_take_no_machine_with_a_gpu(cluster: Kinds) -> None:
    assert started(cluster, tasks=[{"CPU": 1}, {"CPU": 1}]) == {"cpu": 1}


def test_both_groups_with_gpus_look_alike_to_the_scheduler(cluster: Kinds) -> None:
    """Else the fuller one is taken, and priority is never asked."""
    spot, on_demand = (cluster[name] for name in spot_and_on_demand(cluster))
    assert spot.resources == on_demand.resources
    assert spot.priority > on_demand.priority


def test_by_alphabet_alone_spot_would_not_come_first(cluster: Kinds) -> None:
    """What the priority is for: without it, the first in the file or the alphabet is taken."""
    spot, on_demand = spot_and_on_demand(cluster)
    swapped = {name: cluster[name] for name in (on_demand, spot)}
    for kind in swapped.values():
        kind.priority = 0
    assert started(swapped, groups=[[GROUP]]) == {on_demand: 1}


def test_the_cluster_on_kubernetes_has_what_its_pods_ask_for() -> None:
    found = {name: dict(kind.resources) for name, kind in kinds("raycluster.yaml").items()}
    gib = 2**30
    assert found == {
        "headgroup": {"CPU": 0, "memory": 12 * gib},
        "gpu-spot": {"CPU": 3, "GPU": 1, "memory": 12 * gib},
        "gpu-on-demand": {"CPU": 3, "GPU": 1, "memory": 12 * gib},
        "cpu": {"CPU": 7, "memory": 24 * gib},
    }
