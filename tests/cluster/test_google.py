"""Ray's own code for Google, with cluster/gcp.yaml: the requests that it would send."""

import importlib.resources
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.http import HttpMock
from ray.autoscaler._private.gcp.node import GCPCompute

from tests.cluster.files import FILLED, LAUNCHERS, Document, document
from tests.cluster.launcher import gcp_faults

WORKERS = ("cpu", "gpu_spot", "gpu_on_demand")


class Recorded(HttpMock):
    """Google's answer to everything: done. It keeps what was sent, and where."""

    credentials = SimpleNamespace()

    def __init__(self) -> None:
        super().__init__(headers={"status": "200"})
        self.data = b'{"status": "DONE", "name": "operation-1"}'
        self.sent: list[tuple[str, Any]] = []

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Any = None,
        redirections: int = 1,
        connection_type: Any = None,
    ) -> Any:
        """As httplib2 has it; Ray asks again and again whether an operation is done."""
        if method == "POST":
            self.sent.append((uri, json.loads(body)))
        return super().request(uri, method, body, headers, redirections, connection_type)


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GCPCompute, Recorded]]:
    """Ray's client of the Compute API, built from Google's own description of it."""
    cached = importlib.resources.files("googleapiclient") / "discovery_cache" / "documents"
    described = json.loads((cached / "compute.v1.json").read_text(encoding="utf-8"))
    http = Recorded()
    monkeypatch.setattr(GCPCompute, "get_new_authorized_http", lambda self, own: http)
    api = build_from_document(described, http=http)
    yield GCPCompute(api, FILLED["PROJECT"], FILLED["ZONE"], "ser"), http
    api.close()


@pytest.mark.parametrize("kind", WORKERS)
def test_a_machine_is_asked_for_in_words_that_google_knows(
    google: tuple[GCPCompute, Recorded], kind: str
) -> None:
    compute, http = google
    node = document(LAUNCHERS[1])["available_node_types"][kind]["node_config"]
    compute.create_instance(node, {"ray-node-name": "worker", "ray-node-type": "worker"})
    ((uri, asked),) = http.sent
    assert list(gcp_faults(asked)) == []
    assert f"/projects/{FILLED['PROJECT']}/zones/{FILLED['ZONE']}/instances" in uri
    assert asked["labels"]["ray-cluster-name"] == "ser"
    assert asked["machineType"] == f"zones/{FILLED['ZONE']}/machineTypes/{node['machineType']}"
    gpus: list[Any] = asked.get("guestAccelerators", [])
    assert [gpu["acceleratorCount"] for gpu in gpus] == ([1] if "gpu" in kind else [])
    for gpu in gpus:
        place = f"projects/{FILLED['PROJECT']}/zones/{FILLED['ZONE']}/acceleratorTypes/"
        assert gpu["acceleratorType"].startswith(place)


def test_disks_lie_in_the_zone_of_the_machines() -> None:
    found: Document = document(LAUNCHERS[1])
    zone = found["provider"]["availability_zone"]
    assert zone.startswith(found["provider"]["region"][:2])
    for kind in found["available_node_types"].values():
        for disk in kind["node_config"]["disks"]:
            assert disk["initializeParams"]["diskType"].startswith(f"zones/{zone}/")
