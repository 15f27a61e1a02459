"""What KubeRay 1.7 refuses although its schema allows it, and what Ray itself makes of a cluster.

The operator looks (ray-operator/controllers/ray/utils/validation.go) once the object is there, and
says so in an event that nobody reads.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import ValidationError
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr,
)
from ray.scripts.scripts import start
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import ServeDeploySchema

from ser_platform.serve.on_ray import APPLICATION, DEPLOYMENT, Settings
from tests.cluster.files import Document

LONGEST_NAME = 47
"""Of a RayJob or a RayService; the name of its cluster gets a suffix."""
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


def ray_service_faults(found: Document) -> Iterator[str]:
    """Of a RayService that fits the schema."""
    spec: Document = found["spec"]
    name = found["metadata"]["name"]
    if len(name) > LONGEST_NAME or not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name):
        yield f"metadata.name: {name}"
    if spec.get("upgradeStrategy", {}).get("type", "None") not in ("NewCluster", "None"):
        yield f"upgradeStrategy.type: {spec['upgradeStrategy']['type']}"
    cluster: Document = spec["rayClusterConfig"]
    head = cluster["headGroupSpec"]["template"]["spec"]["containers"][0]
    if not any(port["name"] == "serve" for port in head.get("ports", [])):
        yield "headGroupSpec: no port is named serve, so there will be no service"
    for group in cluster.get("workerGroupSpecs", []):
        worker = group["template"]["spec"]["containers"][0]
        # The operator's own calls wget, and no slim image has it.
        if "readinessProbe" not in worker:
            yield f"{group['groupName']}: no readinessProbe"
    yield from (f"rayClusterConfig: {f}" for f in ray_cluster_faults(cluster))
    yield from (f"serveConfigV2: {f}" for f in serve_faults(yaml.safe_load(spec["serveConfigV2"])))


def serve_faults(config: Document) -> Iterator[str]:
    """Of a configuration of Ray Serve: by Serve's own schema, then by our application's."""
    try:
        deployed = ServeDeploySchema.model_validate(config)
    except ValidationError as e:
        yield from (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in e.errors())
        return
    for one in deployed.applications:
        if one.import_path != APPLICATION:
            yield f"import_path: {one.import_path} is not {APPLICATION}"
            continue
        try:
            settings = Settings.model_validate(one.args)
        except ValidationError as e:
            yield from (f"args.{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in e.errors())
            continue
        names = [each.name for each in one.deployments]
        if names != [DEPLOYMENT]:
            yield f"deployments: {names}"
        for each in one.deployments:
            try:
                AutoscalingConfig.model_validate(each.autoscaling_config)
            except ValidationError as e:
                yield from (f"autoscaling_config: {fault['msg']}" for fault in e.errors())
            if each.max_ongoing_requests != settings.at_once:
                yield f"max_ongoing_requests: {each.max_ongoing_requests} is not at_once"
