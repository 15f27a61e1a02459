"""Each kind of file with a mistake in it: what looks at it must see it.

Mistakes are made in the text, as people make them. A way of looking that finds nothing here would
find nothing there.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cluster.faults import faults
from tests.cluster.files import CLUSTER, COMPOSE, DOCKERFILES, LAUNCHERS, ROOT, filled
from tests.cluster.images import compose_faults, dockerfile_faults, nginx_faults, yamllint
from tests.cluster.kuberay import serve_faults
from tests.cluster.launcher import commands, launcher_faults
from tests.cluster.words import command_fault

Look = Callable[[str], list[str]]


def objects(text: str) -> list[str]:
    return [f for each in yaml.safe_load_all(text) for f in faults(each)]


def launcher(text: str) -> list[str]:
    return list(launcher_faults(yaml.safe_load(text)))


def compose(text: str) -> list[str]:
    return compose_faults(yaml.safe_load(text))


def started(text: str) -> list[str]:
    """Faults of the calls of ray in a launcher's commands."""
    return [fault for w in commands(yaml.safe_load(text), "ray") if (fault := command_fault(w))]


def served(text: str) -> list[str]:
    """Faults of the calls of mlflow in a Compose file."""
    words = yaml.safe_load(text)["services"]["mlflow"]["command"]
    return [fault] if (fault := command_fault(["mlflow", *words])) else []


def submitted(text: str) -> list[str]:
    """Faults of the entrypoint of a RayJob."""
    words = shlex.split(yaml.safe_load(text)["spec"]["entrypoint"])
    return [fault] if (fault := command_fault(words)) else []


def deployed(text: str) -> list[str]:
    """Faults of a configuration of Ray Serve."""
    return list(serve_faults(yaml.safe_load(text)))


AWS, GCP = LAUNCHERS
CLUSTER_FILE, JOB = CLUSTER / "kuberay" / "raycluster.yaml", CLUSTER / "kuberay" / "rayjob.yaml"
SERVICE, SERVED = CLUSTER / "kuberay" / "rayservice.yaml", CLUSTER / "serve" / "config.yaml"
NETWORK, NAMESPACE = CLUSTER / "kuberay" / "network.yaml", CLUSTER / "kuberay" / "namespace.yaml"
POOLS, CLASS = CLUSTER / "karpenter" / "nodepools.yaml", CLUSTER / "karpenter" / "nodeclass.yaml"
MLFLOW, POSTGRES = CLUSTER / "mlflow" / "mlflow.yaml", CLUSTER / "mlflow" / "postgres.yaml"

MISTAKES: list[tuple[Path, Look, str, str]] = [
    (AWS, launcher, "max_workers: 6", "max_worker: 6"),
    (AWS, launcher, "max_workers: 6", "max_workers: '6'"),
    (AWS, launcher, "region: REGION", "regionn: REGION"),
    (AWS, launcher, "type: aws", "type: awsx"),
    (AWS, launcher, "cache_stopped_nodes: false", "cache_stoped_nodes: false"),
    (AWS, launcher, "head_node_type: head", "head_node_type: heda"),
    (AWS, launcher, "min_workers: 0\n    max_workers: 4", "min_workers: 5\n    max_workers: 4"),
    (AWS, launcher, "priority: 10", "priorty: 10"),
    (AWS, launcher, "CPU: 4", "CPU: 0.5"),
    (AWS, launcher, "InstanceType: g6.xlarge", "InstaceType: g6.xlarge"),
    (AWS, launcher, "InstanceType: g6.xlarge", "InstanceType: g6.xlrage"),
    (AWS, launcher, "MarketType: spot", "MarketType: Spot"),
    (AWS, launcher, "HttpTokens: required", "HttpTokens: yes please"),
    (AWS, launcher, "VolumeSize: 100", "VolumeSize: '100'"),
    (AWS, launcher, "Encrypted: true", "Encrytped: true"),
    (AWS, launcher, "ulimit -n 65536;", 'ulimit -n "65536;'),
    (AWS, started, "--dashboard-host=127.0.0.1", "--dashboard-hots=127.0.0.1"),
    (AWS, started, "ray stop", "ray stopp"),
    (GCP, launcher, "machineType: g2", "machinType: g2"),
    (GCP, launcher, "project_id: PROJECT", "projectid: PROJECT"),
    (GCP, launcher, "provisioningModel: SPOT", "provisioningModel: SPOTT"),
    (GCP, launcher, "onHostMaintenance", "onHostMaintenence"),
    (GCP, launcher, "diskSizeGb: 100", "diskSizeGb: large"),
    (GCP, launcher, "acceleratorCount: 1", "acceleratorCount: one"),
    (GCP, launcher, "enableSecureBoot: true", "enableSecureBoot: maybe"),
    (CLUSTER_FILE, objects, "minReplicas: 0", "minReplica: 0"),
    (CLUSTER_FILE, objects, "minReplicas: 0", "minReplicas: 5"),
    (CLUSTER_FILE, objects, "replicas: 0", "replicas: 9"),
    (CLUSTER_FILE, objects, "priority: 10", "priority: '10'"),
    (CLUSTER_FILE, objects, "version: v2", "version: v3"),
    (CLUSTER_FILE, objects, "version: v2", "version: v1"),
    (CLUSTER_FILE, objects, "upscalingMode: Default", "upscalingMode: Fast"),
    (CLUSTER_FILE, objects, "idleTimeoutSeconds: 300", "idleTimeoutSeconds: '300'"),
    (CLUSTER_FILE, objects, "mode: token", "mode: basic"),
    (CLUSTER_FILE, objects, "mode: token", "mode: disabled"),
    (CLUSTER_FILE, objects, 'num-cpus: "0"', "num-cpus: 0"),
    (CLUSTER_FILE, objects, 'num-cpus: "0"', 'num-cpu: "0"'),
    (CLUSTER_FILE, objects, "groupName: gpu-spot", "groupName: gpu-on-demand"),
    (CLUSTER_FILE, objects, "restartPolicy: Never", "restartPolicy: Always"),
    (CLUSTER_FILE, objects, "image: REGISTRY", "imagee: REGISTRY"),
    (CLUSTER_FILE, objects, "ray2.60.0-cuda", "latest"),
    (CLUSTER_FILE, objects, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    (CLUSTER_FILE, objects, "runAsNonRoot: true", "runAsNonRoot: false"),
    (CLUSTER_FILE, objects, "type: RuntimeDefault", "type: Unconfined"),
    (CLUSTER_FILE, objects, "operator: Exists", "operator: 1"),
    (CLUSTER_FILE, objects, "{name: home, emptyDir: {}}", "{name: hoem, emptyDir: {}}"),
    (CLUSTER_FILE, objects, "{name: home, emptyDir: {}}", "{name: home, hostPath: {path: /}}"),
    (JOB, objects, "submissionMode: K8sJobMode", "submissionMode: K8SJobMode"),
    (JOB, objects, "submissionMode: K8sJobMode", "submissionMode: SidecarMode"),
    (JOB, objects, "shutdownAfterJobFinishes: true", "shutdownAfterJobFinishes: false"),
    (JOB, objects, "backoffLimit: 3", "backoffLimit: -1"),
    (JOB, objects, "backoffLimit: 3", "backofLimit: 3"),
    (JOB, objects, "activeDeadlineSeconds: 172800", "activeDeadlineSeconds: 0"),
    (JOB, objects, "name: wise,", f"name: {'w' * 48},"),
    (JOB, objects, "  ttlSecondsAfterFinished", "  managedBy: me\n  ttlSecondsAfterFinished"),
    (JOB, submitted, "ser_platform.tune", "ser_platform.tuen"),
    (JOB, submitted, "experiments/wise.yaml", "experiments/wsie.yaml"),
    (JOB, submitted, "--set corpus.root", "--set corpus.rot"),
    (JOB, submitted, "cluster.gpus_per_worker=1", "cluster.gpus_per_worker=1.5"),
    (JOB, submitted, "store=s3://BUCKET", "store=s4://BUCKET"),
    (SERVICE, objects, "excludeHeadPodFromServeSvc: true", "excludeHead: true"),
    (SERVICE, objects, "type: NewCluster}", "type: NewClusters}"),
    (SERVICE, objects, "name: answers,", f"name: {'a' * 48},"),
    (SERVICE, objects, "name: serve,", "name: served,"),
    (SERVICE, objects, "readinessProbe:", "startupProbe:"),
    (SERVICE, objects, "rayVersion:", "raysVersion:"),
    (SERVICE, objects, "maxReplicas: 3", "maxReplicas: 0"),
    (SERVICE, objects, "max_ongoing_requests: 8", "max_ongoing_request: 8"),
    (SERVICE, objects, "token_file:", "token:"),
    (SERVED, deployed, "proxy_location: EveryNode", "proxy_location: Everywhere"),
    (SERVED, deployed, "on_ray:application", "on_ray:app"),
    (SERVED, deployed, "name: Answers", "name: Answer"),
    (SERVED, deployed, "max_replicas: 8", "max_replicas: 0"),
    (SERVED, deployed, "max_ongoing_requests: 8", "max_ongoing_requests: 9"),
    (SERVED, deployed, "hosts: [localhost, 127.0.0.1]", "hosts: []"),
    (SERVED, deployed, "uri: http", "url: http"),
    (NETWORK, objects, "podSelector:", "podSelecter:"),
    (NETWORK, objects, "port: 8265", "prot: 8265"),
    (NETWORK, objects, "policyTypes: [Ingress]", "policyTypes: Ingress"),
    (NETWORK, objects, "networking.k8s.io/v1", "networking.k8s.io/v7"),
    (NAMESPACE, objects, "automountServiceAccountToken: false", "automountServiceAccountToken: 0"),
    (NAMESPACE, objects, "accessModes:", "accessMode:"),
    (POOLS, objects, "WhenEmptyOrUnderutilized", "WhenUnderutilized"),
    (POOLS, objects, "consolidateAfter: 2m", "consolidateAfter: soon"),
    (POOLS, objects, "operator: In", "operator: Inn"),
    (POOLS, objects, "values: [spot]", "values: []"),
    (POOLS, objects, 'values: ["5"]', 'values: ["5", "6"]'),
    (POOLS, objects, "weight: 50", "weight: 500"),
    (POOLS, objects, "key: kubernetes.io/arch", "key: kubernetes.io/hostname"),
    (POOLS, objects, "effect: NoSchedule", "effect: NoScheduling"),
    (CLASS, objects, "al2023@latest", "al2024@latest"),
    (CLASS, objects, "httpTokens: required", "httpTokens: requird"),
    (CLASS, objects, "volumeSize: 150Gi, ", ""),
    (CLASS, objects, "rootVolume: true", "rootVolum: true"),
    (CLASS, objects, "tags: {project: ser}", "tags: {karpenter.sh/nodepool: ser}"),
    (MLFLOW, objects, "replicas: 2", "replicas: two"),
    (MLFLOW, objects, "minAvailable: 1", "minAvailabel: 1"),
    (MLFLOW, objects, "containerPort: 8080", "containerPort: http"),
    (MLFLOW, objects, "limits: {cpu: 500m, memory: 128Mi}", "limits: {cpu: 500m}"),
    (MLFLOW, objects, "targetPort: http", "targetport: http"),
    (POSTGRES, objects, "serviceName: postgres", "service: postgres"),
    (POSTGRES, objects, "volumeClaimTemplates:", "volumeClaimTemplate:"),
    (COMPOSE, compose, "healthcheck: {test", "healthchek: {test"),
    (COMPOSE, compose, "interval: 5s", "intervall: 5s"),
    (COMPOSE, compose, '"127.0.0.1:5432:5432"', '"5432:5432"'),
    (COMPOSE, compose, "condition: service_healthy", "condition: healthy"),
    (COMPOSE, compose, "depends_on: {postgres:", "depends_on: {postgre:"),
    (COMPOSE, compose, "- database:/var", "- databse:/var"),
    (COMPOSE, served, "--allowed-hosts=", "--allowed-host-names="),
    (COMPOSE, served, "--port=5000", "--port=five"),
    (DOCKERFILES[0], dockerfile_faults, "uv==0.13.9", "uv"),
    (DOCKERFILES[0], dockerfile_faults, "FROM ${BASE}", "FROM python"),
    (DOCKERFILES[0], dockerfile_faults, "USER 1000:1000", "USER root"),
    (DOCKERFILES[0], dockerfile_faults, "WORKDIR /app", "RUN cd /app"),
    (DOCKERFILES[1], dockerfile_faults, "COPY constraints.txt", "COPYY constraints.txt"),
    (DOCKERFILES[1], dockerfile_faults, '["mlflow"]', "mlflow"),
    (CLUSTER / "mlflow" / "nginx.conf", nginx_faults, "client_max_body_size", "client_max_body"),
    (CLUSTER / "mlflow" / "nginx.conf", nginx_faults, "auth_basic off;", "auth_basic off"),
    (CLUSTER / "mlflow" / "nginx.conf", nginx_faults, "server_tokens off;", "listen 80;"),
]


@pytest.mark.parametrize(
    ("path", "look", "right", "wrong"),
    [pytest.param(*m, id=f"{m[0].name}:{re.sub('[^ -~]', ' ', m[3])[:40]}") for m in MISTAKES],
)
def test_a_mistake_is_seen(
    path: Path, look: Look, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    text = path.read_text(encoding="utf-8")
    assert right in text
    assert look(filled(text.replace(right, wrong))) != []


def test_a_key_that_stands_twice_is_seen(tmp_path: Path) -> None:
    """YAML takes the last of them and says nothing."""
    twice = tmp_path / "twice.yaml"
    twice.write_text(AWS.read_text(encoding="utf-8") + "max_workers: 60\n", encoding="utf-8")
    assert "key-duplicates" in yamllint(twice)
