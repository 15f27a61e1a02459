"""A head node whose autoscaler adds nodes and takes them away: on this machine, by Ray's fake.

``ray.cluster_utils.AutoscalingCluster`` would do it, but it reads an example file that the wheel
of Ray 2.60 lacks, and begins with ``ray stop --force``, which ends every other Ray too. So the
fake node provider is named here as one of our own, with a complete configuration.
"""

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import psutil
from ray._private import services
from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID

from tests.ray_head import RayHead, ray_head
from tests.servers import free_port

HEAD_TYPE = "ray.head.default"
_PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"
_NODE_ID = "RAY_OVERRIDE_NODE_ID_FOR_TESTING"
_OURS = "SER_GROWING_CLUSTER"
"""Marks the processes of a cluster by its port."""


@dataclass
class Growing:
    """A cluster that changes, and how many nodes it had of each type since it was up."""

    head: RayHead
    mark: str
    """In the environment of its processes."""
    history: list[tuple[float, Counter[str]]] = field(default_factory=list)
    """Time in seconds since the epoch, and nodes by type that lived then; the head left out."""

    def nodes(self) -> dict[str, str]:
        """Ids of the nodes that live -> their types, without the head."""
        return {
            node["node_id"]: _type(node["resources_total"])
            for node in self.head.nodes()
            if not node["is_head_node"]
        }

    def follow(self, over: Event) -> None:
        """Write the history until it is over."""
        while not over.wait(0.5):
            with suppress(OSError):  # the head is busy
                self.history.append((time.time(), Counter(self.nodes().values())))

    def preempt(self, node_id: str) -> None:
        """Take a node away as a cloud does without a notice: SIGKILL to its raylet."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                known = process.environ() if process.name() == "raylet" else {}
                if known.get(_NODE_ID) == node_id and known.get(_OURS) == self.mark:
                    process.send_signal(signal.SIGKILL)
                    return
        raise AssertionError(f"no raylet of node {node_id}")


def _type(resources: Mapping[str, float]) -> str:
    """Types are told by a resource of their own: the state API does not name them."""
    return next(name.removeprefix("is-") for name in resources if name.startswith("is-"))


@contextmanager
def growing_head(
    types: Mapping[str, Mapping[str, Any]], variables: Mapping[str, str], idle_s: float = 12
) -> Iterator[Growing]:
    """A head without CPUs, and nodes of these types when there is work for them.

    Args:
        types: name -> ``resources``, ``max_workers`` and more, as in a launcher's configuration.
        variables: for the environment of jobs.
        idle_s: a node goes when it has had nothing to do for so long.
    """
    port = free_port()
    named = {
        name: {
            "node_config": {},
            "min_workers": 0,
            **says,
            "resources": {**says["resources"], f"is-{name}": 1},
        }
        for name, says in types.items()
    }
    config = {
        "cluster_name": "growing",
        "max_workers": sum(says["max_workers"] for says in types.values()),
        "provider": {
            "type": "external",
            "module": _PROVIDER,
            "gcs_address": f"{services.get_node_ip_address()}:{port}",
            "head_node_id": FAKE_HEAD_NODE_ID,
            "launch_multiple": True,
        },
        "head_node_type": HEAD_TYPE,
        "available_node_types": {
            HEAD_TYPE: {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            **named,
        },
        "upscaling_speed": 10,
        "idle_timeout_minutes": idle_s / 60,
        **{key: {} for key in ("auth", "docker", "file_mounts")},
        **{key: [] for key in ("rsync_exclude", "rsync_filter", "cluster_synced_files")},
        **{f"{part}_commands": [] for part in ("initialization", "setup")},
        **{f"{node}_setup_commands": [] for node in ("head", "worker")},
        **{f"{node}_start_ray_commands": [] for node in ("head", "worker")},
        "file_mounts_sync_continuously": False,
    }
    of_autoscaler = {
        "RAY_FAKE_CLUSTER": "1",
        "RAY_enable_autoscaler_v2": "1",
        "RAY_CLOUD_INSTANCE_ID": FAKE_HEAD_NODE_ID,
        "RAY_NODE_TYPE_NAME": HEAD_TYPE,
        _NODE_ID: FAKE_HEAD_NODE_ID,
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
        _OURS: str(port),
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "autoscaling.json"
        file.write_text(json.dumps(config))
        options = ("--num-cpus=0", f"--autoscaling-config={file}")
        with ray_head({**variables, **of_autoscaler}, options, port) as head:
            growing, over = Growing(head, str(port)), Event()
            follower = Thread(target=growing.follow, args=(over,), daemon=True)
            follower.start()
            try:
                yield growing
            finally:
                over.set()
                follower.join()
                _kill_nodes(port)


def _kill_nodes(port: int) -> None:
    """End nodes that the autoscaler started: not all are children of the head's command."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_OURS) == str(port):
                process.kill()
