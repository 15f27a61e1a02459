"""What is wrong with an object of Kubernetes: its schema, its rules, and ours for pods."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator

from tests.cluster.files import Document, pod_specs
from tests.cluster.kuberay import ray_cluster_faults, ray_job_faults, ray_service_faults
from tests.cluster.rules import broken_rules

KUBERNETES = "1.33"
"""The oldest version that is looked at; what we use is stable since long before."""
SCHEMAS = Path(__file__).parent / "schemas"


def faults(found: Document) -> list[str]:
    """Of one object, each with its path; none for one that an API server takes."""
    match found.get("apiVersion"), found.get("kind"):
        case "ray.io/v1", "RayCluster":
            job = schema("RayJob")
            own = {**job, "properties": {**job["properties"], "spec": _of_clusters()}}
            known = schema_faults(own, found) or list(ray_cluster_faults(found["spec"]))
        case "ray.io/v1", "RayJob":
            known = schema_faults(schema("RayJob"), found) or list(ray_job_faults(found))
        case "ray.io/v1", "RayService":
            own = _with_cluster(schema("RayService"), "rayClusterConfig")
            known = schema_faults(own, found) or list(ray_service_faults(found))
        case "karpenter.sh/v1", "NodePool":
            known = schema_faults(schema("NodePool"), found)
        case "karpenter.k8s.aws/v1", "EC2NodeClass":
            known = schema_faults(schema("EC2NodeClass"), found)
        case _:
            known = _kubernetes_faults(found)
    return known + [f for where, pod in pod_specs(found) for f in _pod_faults(where, pod)]


def _of_clusters() -> Document:
    """The schema of ``spec`` of a RayCluster."""
    return schema("RayJob")["properties"]["spec"]["properties"]["rayClusterSpec"]


def _with_cluster(own: Document, name: str) -> Document:
    """A schema whose ``spec`` has that of a RayCluster under a name."""
    spec = own["properties"]["spec"]
    inner = {**spec, "properties": {**spec["properties"], name: _of_clusters()}}
    return {**own, "properties": {**own["properties"], "spec": inner}}


def schema_faults(own: Document, found: Any) -> list[str]:
    """What breaks a JSON schema; the rules in CEL are asked once that holds."""
    errors = Draft202012Validator(own).iter_errors(found)
    broken = [f"{error.json_path}: {error.message}" for error in errors]
    return broken or list(broken_rules(own, found))


@cache
def schema(kind: str) -> Document:
    """Of tests/cluster/schemas."""
    return json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))


def _kubernetes_faults(found: Document) -> list[str]:
    try:
        kubernetes_validate.validate(found, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as e:
        return [f"{e.json_path}: {e.message}"]
    except (kubernetes_validate.SchemaNotFoundError, KeyError) as e:
        return [f"apiVersion, kind: {e!r}"]
    return []


def _pod_faults(where: str, pod: Document) -> Iterator[str]:
    """What the namespace refuses (Pod Security Standards, restricted), and our own habits."""
    context = pod.get("securityContext", {})
    if not context.get("runAsNonRoot") or not context.get("runAsUser"):
        yield f"{where}: may be root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield f"{where}: no seccomp profile"
    if {"hostNetwork", "hostPID", "hostIPC"} & set(pod):
        yield f"{where}: shares the host"
    kept = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
    volumes = {volume["name"]: set(volume) - {"name"} for volume in pod.get("volumes", [])}
    for name, kinds in volumes.items():
        if not kinds <= kept:
            yield f"{where}: volume {name} is of the kind {kinds}"
    for one in pod["containers"]:
        yield from _container_faults(f"{where}.{one.get('name')}", one, set(volumes))


def _container_faults(where: str, one: Document, volumes: set[str]) -> Iterator[str]:
    context = one.get("securityContext", {})
    wanted = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    yield from (f"{where}: {key} is not {v}" for key, v in wanted.items() if context.get(key) != v)
    resources = one.get("resources", {})
    for kind in ("requests", "limits"):
        if not {"cpu", "memory"} <= set(resources.get(kind, ())):
            yield f"{where}: no {kind} of CPU and memory"
    tag = re.search(r":([\w.-]+)$", one.get("image", ""))
    if tag is None or tag[1] == "latest":
        yield f"{where}: image {one.get('image')} has no version"
    for mount in one.get("volumeMounts", ()):
        # A volume of a claim template has its name in the set that the pod belongs to.
        if mount["name"] not in volumes | {"data"}:
            yield f"{where}: no volume {mount['name']}"
