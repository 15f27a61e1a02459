"""What a wait says on a cluster with an autoscaler: Ray's own, with nodes that it makes here."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import ray
from ray.autoscaler._private.fake_multi_node.node_provider import (
    FAKE_HEAD_NODE_ID,
    FAKE_HEAD_NODE_TYPE,
    FakeMultiNodeProvider,
)

from ser_platform.config.schema import ClusterConfig
from ser_platform.train.waiting import Asked, asked, reason
from tests.ray_head import RAY, started
from tests.servers import free_port
from tests.train.test_cluster import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("version", ["0", "1"], ids=["older", "newer"])
def test_what_the_autoscaler_was_asked_for_is_said_until_the_node_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Both of Ray's autoscalers, which report in different places."""
    config = ClusterConfig(cpus_per_worker=2)
    with growing_head(tmp_path, version) as address:
        monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        try:
            group = ray.util.placement_group([{"CPU": 2}])
            until(lambda: asked(config).grows)
            assert reason(config, 3, asked(config)).startswith(
                "waiting: 3 folds queued; 1 of 1 CPUs free; the autoscaler was asked for 1 worker "
                "of 2 CPU"
            )
            assert group.wait(60)
            until(lambda: asked(config) == Asked(workers=0, grows=True, coming=0))
        finally:
            ray.shutdown()


@contextmanager
def growing_head(folder: Path, version: str) -> Iterator[str]:
    """A head whose autoscaler starts nodes of two CPUs on this machine; its address."""
    port = free_port()
    address = f"{ray.util.get_node_ip_address()}:{port}"
    nothing: dict[str, object] = {key: [] for key in LISTS}
    nothing |= {key: {} for key in ("auth", "docker", "file_mounts")}
    types = {
        FAKE_HEAD_NODE_TYPE: {"resources": {"CPU": 1}, "node_config": {}, "max_workers": 0},
        "worker": {"resources": {"CPU": 2}, "node_config": {}, "max_workers": 2},
    }
    config = nothing | {
        "cluster_name": "grows",
        "max_workers": 2,
        "upscaling_speed": 1.0,
        "idle_timeout_minutes": 5,
        "provider": {
            # As one of somebody else's, because Ray's wheel lacks the defaults of this one.
            "type": "external",
            "module": f"{FakeMultiNodeProvider.__module__}.{FakeMultiNodeProvider.__name__}",
            "gcs_address": address,
            "head_node_id": FAKE_HEAD_NODE_ID,
            "launch_multiple": True,
            # All its nodes have the address of this machine, where Ray runs already.
            "use_node_id_as_ip": True,
            "disable_node_updaters": True,
        },
        "available_node_types": types,
        "head_node_type": FAKE_HEAD_NODE_TYPE,
        "file_mounts_sync_continuously": False,
    }
    (folder / "grows.yaml").write_text(json.dumps(config))
    variables = {
        "RAY_AUTH_MODE": "disabled",
        "RAY_FAKE_CLUSTER": "1",
        "RAY_CLOUD_INSTANCE_ID": FAKE_HEAD_NODE_ID,
        "RAY_OVERRIDE_NODE_ID_FOR_TESTING": FAKE_HEAD_NODE_ID,
        "RAY_enable_autoscaler_v2": version,
        "PYTHONUNBUFFERED": "1",  # its word that it runs is waited for
        "AUTOSCALER_UPDATE_INTERVAL_S": "1",
    }
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as short:
        command = [
            *(RAY, "start", "--head", "--block", "--num-cpus=1", "--disable-usage-stats"),
            *("--include-dashboard=false", f"--port={port}", f"--temp-dir={short}"),
            f"--autoscaling-config={folder / 'grows.yaml'}",
        ]
        log, environment = folder / "head.log", {**os.environ, **variables}  # noqa: TID251
        with started(command, environment, log, lambda: "Ray runtime started" in log.read_text()):
            yield address


LISTS = (
    *("initialization_commands", "setup_commands", "head_setup_commands"),
    *("worker_setup_commands", "head_start_ray_commands", "worker_start_ray_commands"),
    *("cluster_synced_files", "rsync_exclude", "rsync_filter"),
)
