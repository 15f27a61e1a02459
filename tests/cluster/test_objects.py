"""The objects of Kubernetes in cluster/: what an API server, KubeRay and Karpenter would say.

The API server's part are the definitions that the projects publish (schemas/NOTICE), made strict,
and their rules in CEL.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.faults import faults, schema
from tests.cluster.files import CLUSTER, OBJECTS, Document, document, documents, pod_specs
from tests.cluster.rules import program

KUBERAY = CLUSTER / "kuberay"
EACH = [
    pytest.param(
        each, id=f"{path.parent.name}/{path.name}:{each['kind']}/{each['metadata']['name']}"
    )
    for path in OBJECTS
    for each in documents(path)
]


@pytest.mark.parametrize("each", EACH)
def test_an_object_is_taken(each: Document) -> None:
    assert faults(each) == []


@pytest.mark.parametrize("kind", ["RayJob", "NodePool", "EC2NodeClass"])
def test_every_rule_of_the_definitions_is_understood(kind: str) -> None:
    """Else one that cannot be evaluated would be found only when something of it is used."""
    rules = [rule["rule"] for rule in _rules(schema(kind))]
    assert len(rules) > 5
    for rule in rules:
        program(rule)


def _rules(found: Any) -> list[dict[str, str]]:
    if isinstance(found, dict):
        own = found.get("x-kubernetes-validations", [])
        return [*own, *(rule for value in found.values() for rule in _rules(value))]
    if isinstance(found, list):
        return [rule for value in found for rule in _rules(value)]
    return []


def test_the_job_has_the_cluster_of_the_other_file() -> None:
    job, cluster = (document(KUBERAY / f"{name}.yaml") for name in ("rayjob", "raycluster"))
    assert job["spec"]["rayClusterSpec"] == cluster["spec"]


def test_the_service_serves_as_the_other_file_says() -> None:
    served = yaml.safe_load(document(KUBERAY / "rayservice.yaml")["spec"]["serveConfigV2"])
    alone = document(CLUSTER / "serve" / "config.yaml")
    assert served["http_options"].pop("host") == "0.0.0.0"
    assert alone["http_options"].pop("host") == "127.0.0.1"
    here, there = (config["applications"][0]["args"] for config in (alone, served))
    for args in (here, there):
        assert {"localhost", "127.0.0.1"} <= set(args.pop("hosts"))
        args.pop("uri")
    assert served == alone


def test_the_token_of_the_service_is_a_file_that_only_its_group_may_read() -> None:
    spec = document(KUBERAY / "rayservice.yaml")["spec"]
    (application,) = yaml.safe_load(spec["serveConfigV2"])["applications"]
    (group,) = spec["rayClusterConfig"]["workerGroupSpecs"]
    pod = group["template"]["spec"]
    (secret,) = [v["secret"] for v in pod["volumes"] if "secret" in v]
    (mount,) = [m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "token"]
    assert secret["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]
    assert application["args"]["token_file"] == f"{mount['mountPath']}/serve-token"
    readme = (CLUSTER / "README.md").read_text(encoding="utf-8")
    assert f"create secret generic {secret['secretName']} --from-file=serve-token=" in readme


def test_replicas_fit_the_nodes_of_the_service() -> None:
    spec = document(KUBERAY / "rayservice.yaml")["spec"]
    ((deployment,),) = [
        one["deployments"] for one in yaml.safe_load(spec["serveConfigV2"])["applications"]
    ]
    (group,) = spec["rayClusterConfig"]["workerGroupSpecs"]
    cpus = int(group["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"])
    most = deployment["autoscaling_config"]["max_replicas"]
    each = deployment["ray_actor_options"]["num_cpus"]
    assert most * each <= group["maxReplicas"] * cpus < most * each + cpus


def test_all_of_it_lies_in_one_namespace_that_is_made_first() -> None:
    made = documents(KUBERAY / "namespace.yaml")[0]
    assert made["kind"] == "Namespace"
    for path in OBJECTS:
        for each in documents(path):
            if (
                path.parent.name != "karpenter"
                and each is not made
                and each["kind"] != "Namespace"
            ):
                assert each["metadata"]["namespace"] == made["metadata"]["name"], path.name


def test_what_a_pod_names_is_there_or_is_made_as_the_readme_says() -> None:
    readme = (CLUSTER / "README.md").read_text(encoding="utf-8")
    every = [each for path in OBJECTS for each in documents(path)]
    named = {(each["kind"], each["metadata"]["name"]) for each in every}
    for each in every:
        for where, pod in pod_specs(each):
            if account := pod.get("serviceAccountName"):
                assert ("ServiceAccount", account) in named, where
            for kind, name, key in _references(pod):
                there = (kind, name) in named
                assert there or f"{kind} {name}" in _made_by(readme), (where, kind, name)
                assert there or not key or key in readme, (where, name, key)


def _references(pod: Document) -> list[tuple[str, str, str]]:
    """Kind, name and key of every secret, map and claim that a pod mounts or reads."""
    found = []
    for volume in pod.get("volumes", []):
        if "configMap" in volume:
            found.append(("ConfigMap", volume["configMap"]["name"], ""))
        if "secret" in volume:
            found.append(("Secret", volume["secret"]["secretName"], ""))
        if "persistentVolumeClaim" in volume:
            claim = volume["persistentVolumeClaim"]["claimName"]
            found.append(("PersistentVolumeClaim", claim, ""))
    for one in pod["containers"]:
        read = [v["valueFrom"]["secretKeyRef"] for v in one.get("env", []) if "valueFrom" in v]
        found += [("Secret", reference["name"], reference["key"]) for reference in read]
    return found


def _made_by(readme: str) -> set[str]:
    """``kubectl create secret generic NAME`` and ``configmap NAME``."""
    words = readme.replace("\\\n", " ").split()
    made = set()
    for first, second, third in zip(words, words[1:], words[2:], strict=False):
        if (first, second) == ("secret", "generic"):
            made.add(f"Secret {third}")
        if first == "configmap":
            made.add(f"ConfigMap {second}")
    return made


def test_the_token_of_kubernetes_is_for_the_head_alone() -> None:
    """Its autoscaler asks for workers; nobody else has anything to ask."""
    every = [each for path in OBJECTS for each in documents(path)]
    mounts = {
        each["metadata"]["name"]: each.get("automountServiceAccountToken", True)
        for each in every
        if each["kind"] == "ServiceAccount"
    }
    with_token = {
        pod.get("serviceAccountName", "default")
        for each in every
        for _, pod in pod_specs(each)
        if pod.get("automountServiceAccountToken", mounts.get(pod.get("serviceAccountName"), True))
    }
    assert with_token == {"ser-head", "ser-serve-head"}


def test_a_service_that_others_ask_has_no_role_at_amazon() -> None:
    accounts = {
        each["metadata"]["name"]: each["metadata"].get("annotations", {})
        for each in documents(KUBERAY / "namespace.yaml")
        if each["kind"] == "ServiceAccount"
    }
    assert accounts["ser-worker"]
    service = document(KUBERAY / "rayservice.yaml")
    of_pods = [pod["serviceAccountName"] for _, pod in pod_specs(service)]
    assert len(of_pods) == 2
    assert [accounts[name] for name in of_pods] == [{}, {}]


def test_network_policies_speak_of_labels_and_ports_that_pods_have() -> None:
    """A selector with a typo selects nothing: an open port, or one that nobody reaches."""
    every = [each for path in OBJECTS for each in documents(path)]
    labels = {"ray.io/node-type": {"head"}, "app.kubernetes.io/name": {"kuberay-operator"}}
    ports = set()
    for each in every:
        for template in _templates(each):
            for key, value in template["metadata"].get("labels", {}).items():
                labels.setdefault(key, set()).add(value)
            for one in template["spec"]["containers"]:
                ports |= {port["containerPort"] for port in one.get("ports", [])}
    for policy in (each for each in every if each["kind"] == "NetworkPolicy"):
        spec = policy["spec"]
        sides = [(spec, spec.get("ingress", []))]
        for own, ingress in sides:
            peers = [own, *(peer for rule in ingress for peer in rule["from"])]
            for peer in peers:
                for key, value in peer.get("podSelector", {}).get("matchLabels", {}).items():
                    assert value in labels[key], (policy["metadata"]["name"], key, value)
            for rule in ingress:
                assert {p["port"] for p in rule.get("ports", [])} <= ports


def _templates(found: Any) -> list[Document]:
    if isinstance(found, dict):
        own = [found] if "containers" in found.get("spec", {}) and "metadata" in found else []
        return own + [t for value in found.values() for t in _templates(value)]
    if isinstance(found, list):
        return [t for value in found for t in _templates(value)]
    return []


def test_every_port_of_ours_is_closed_but_to_whom_a_policy_names() -> None:
    policies = [d for d in documents(KUBERAY / "network.yaml") if d["kind"] == "NetworkPolicy"]
    everyone, *others = [policy["spec"] for policy in policies]
    assert everyone == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert all(rule.get("from") for spec in others for rule in spec["ingress"])


def test_services_lead_to_ports_that_pods_have() -> None:
    for path in OBJECTS:
        every = documents(path)
        for service in (each for each in every if each["kind"] == "Service"):
            selected = [
                template
                for each in every
                for template in _templates(each)
                if template["metadata"].get("labels") == service["spec"]["selector"]
            ]
            (template,) = selected
            named = {
                port["name"]
                for one in template["spec"]["containers"]
                for port in one.get("ports", [])
            }
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= named


def test_ray_pods_fit_the_machines_of_their_pools() -> None:
    """Less than the machine has: Kubernetes and its daemons take a part."""
    pools = {
        p["metadata"]["name"]: p["spec"] for p in documents(CLUSTER / "karpenter/nodepools.yaml")
    }
    spec = document(KUBERAY / "raycluster.yaml")["spec"]
    tainted = {t["key"] for t in pools["ser-gpu-spot"]["template"]["spec"]["taints"]}
    for group in spec["workerGroupSpecs"]:
        pod = group["template"]["spec"]
        kind = pod["nodeSelector"]["karpenter.sh/capacity-type"]
        gpus = "nvidia.com/gpu" in pod["containers"][0]["resources"]["requests"]
        pool = pools[f"ser-gpu-{kind}" if gpus else "ser-cpu"]
        assert kind in _values(pool, "karpenter.sh/capacity-type")
        tolerated = {t["key"] for t in pod.get("tolerations", [])}
        assert tolerated == (tainted if gpus else set())
        if gpus:
            # One GPU a node: no more nodes than the pool may hold.
            assert group["maxReplicas"] <= int(pool["limits"]["nvidia.com/gpu"])


def _values(pool: Document, key: str) -> list[str]:
    requirements = pool["template"]["spec"]["requirements"]
    return next(r["values"] for r in requirements if r["key"] == key)


def test_a_worker_announces_its_end_and_has_the_time_for_it() -> None:
    """Ray waits for its work to leave; Kubernetes kills it after the grace period."""
    for group in document(KUBERAY / "raycluster.yaml")["spec"]["workerGroupSpecs"]:
        pod = group["template"]["spec"]
        told = {v["name"]: v.get("value") for v in pod["containers"][0]["env"]}
        drain_s = float(told["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"])
        assert 30 <= drain_s < pod["terminationGracePeriodSeconds"] <= 120


def test_the_schemas_are_small_and_say_where_they_come_from() -> None:
    folder = Path(__file__).parent / "schemas"
    notice = (folder / "NOTICE").read_text(encoding="utf-8")
    for path in folder.glob("*.json"):
        assert path.name in notice
    assert sum(path.stat().st_size for path in folder.glob("*.json")) < 600_000
