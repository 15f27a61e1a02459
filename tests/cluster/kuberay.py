"""What KubeRay 1.7 refuses although its schema allows it, and what Ray itself makes of a cluster.

The operator looks (ray-operator/controllers/ray/utils/validation.go) once the object is there, and
says so in an event that nobody reads.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr,
)
from ray.scripts.scripts import start

from tests.cluster.files import Document

LONGEST_NAME = 47
"""Of a RayJob; the name of its cluster gets a suffix."""
START_OPTIONS = {
    option.removeprefix("--") for parameter in start.params for option in parameter.opts
}
"""Of ``ray start``."""


def autoscaling(spec: Document) -> Document:
    """What Ray's autoscaler reads off a cluster.

    Raises:
        ValueError: when it can make nothing of it.
    """
    logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)
    found = {"metadata": {"name": "ser", "namespace": "ser"}, "spec": spec}
    return _derive_autoscaling_config_from_ray_cr(found)


def ray_cluster_faults(spec: Document) -> Iterator[str]:
    """Of ``spec`` of a RayCluster that fits the schema."""
    groups = spec.get("workerGroupSpecs", [])
    names = [group["groupName"] for group in groups]
    if len(set(names)) < len(names):
        yield f"workerGroupSpecs: a name twice in {names}"
    # Otherwise restartPolicy, priority and idleTimeoutSeconds are refused or mean something else.
    if spec.get("autoscalerOptions", {}).get("version") != "v2":
        yield "autoscalerOptions.version: not v2"
    if not re.fullmatch(r"2\.\d+\.\d+", spec.get("rayVersion", "")):
        yield f"rayVersion: {spec.get('rayVersion')!r}"
    if spec.get("authOptions", {}).get("mode") != "token":
        yield "authOptions.mode: not token"
    for where, group in [("head", spec["headGroupSpec"]), *zip(names, groups, strict=True)]:
        yield from (f"{where}: {fault}" for fault in _group_faults(group))
    try:
        autoscaling(spec)
    except (ValueError, KeyError, TypeError) as e:
        yield f"Ray's autoscaler: {e!r}"


def _group_faults(group: Document) -> Iterator[str]:
    least, most = group.get("minReplicas", 0), group.get("maxReplicas", 0)
    if not 0 <= least <= group.get("replicas", 0) <= most:
        yield f"minReplicas {least}, replicas {group.get('replicas')}, maxReplicas {most}"
    unknown = set(group["rayStartParams"]) - START_OPTIONS
    if unknown:
        yield f"rayStartParams: no option {sorted(unknown)} of ray start"
    if group["template"]["spec"].get("restartPolicy", "Never") != "Never":
        yield "restartPolicy: autoscaler v2 wants Never"


def ray_job_faults(found: Document) -> Iterator[str]:
    """Of a RayJob that fits the schema."""
    spec: dict[str, Any] = found["spec"]
    if len(found["metadata"]["name"]) > LONGEST_NAME:
        yield f"metadata.name: more than {LONGEST_NAME} letters"
    mode = spec.get("submissionMode", "K8sJobMode")
    if mode not in ("K8sJobMode", "HTTPMode", "SidecarMode", "InteractiveMode"):
        yield f"submissionMode: {mode}"
    if mode in ("SidecarMode", "InteractiveMode") and "submitterPodTemplate" in spec:
        yield f"submitterPodTemplate: not with {mode}"
    if spec.get("ttlSecondsAfterFinished") and not spec.get("shutdownAfterJobFinishes"):
        yield "ttlSecondsAfterFinished: only with shutdownAfterJobFinishes"
    for name in ("activeDeadlineSeconds", "preRunningDeadlineSeconds"):
        if spec.get(name, 1) <= 0:
            yield f"{name}: {spec[name]}"
    if spec.get("backoffLimit", 0) < 0:
        yield f"backoffLimit: {spec['backoffLimit']}"
    yield from (f"rayClusterSpec: {f}" for f in ray_cluster_faults(spec["rayClusterSpec"]))
