"""Ray's own code for Amazon, run with cluster/aws.yaml against a stand-in for EC2 (moto).

What `ray up` makes, what the autoscaler starts, and whether the role of the head lets it: moto
enforces no condition, so each request that Ray makes is held to the policy by permissions.py.
"""

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from moto import mock_aws
from ray.autoscaler._private.aws.config import bootstrap_aws
from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler._private.aws.utils import resource_cache

from tests.cluster.files import FILLED, LAUNCHERS, Document, document
from tests.cluster.launcher import prepared
from tests.cluster.permissions import allows, policy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HERE = f"arn:aws:ec2:{FILLED['REGION']}:{FILLED['ACCOUNT']}"
TRAINER = f"arn:aws:iam::{FILLED['ACCOUNT']}:instance-profile/ser-trainer"


@dataclass
class Amazon:
    """An account in which `ray up` has done all but start the head."""

    config: Document
    """With what Ray found and made: subnets, keys, security groups."""
    provider: AWSNodeProvider
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Operation and parameters of every request since."""

    def start(self, kind: str) -> str:
        """A worker of a group, as the autoscaler starts it; its id."""
        node = copy.deepcopy(self.config["available_node_types"][kind]["node_config"])
        tags = {"ray-node-type": "worker", "ray-user-node-type": kind, "ray-node-name": "w"}
        (started,) = self.provider.create_node(node, tags, 1)
        return started


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("PROFILE", "ENDPOINT_URL", "SESSION_TOKEN"):
            patch.delenv(f"AWS_{name}", raising=False)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTEST")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))  # Ray writes ~/.ssh
        logging.getLogger("ray.autoscaler").setLevel(logging.ERROR)
        _make_profiles()
        config = document(LAUNCHERS[0])
        for kind in ("gpu_spot", "gpu_on_demand", "cpu"):  # Ray fills in what is left out
            config["available_node_types"][kind]["resources"] = {}
        config = AWSNodeProvider.fillout_available_node_types_resources(prepared(config))
        config = bootstrap_aws(config)
        found = Amazon(config, AWSNodeProvider(config["provider"], config["cluster_name"]))
        resources: list[Any] = [found.provider.ec2, found.provider.ec2_fail_fast]
        for ec2 in resources:
            ec2.meta.client.meta.events.register(
                "provide-client-params.ec2.*",
                lambda params, model, **_: found.asked.append((model.name, dict(params))),
            )
        yield found
        resource_cache.cache_clear()


def _make_profiles() -> None:
    iam = Session(region_name="us-east-1").client("iam")
    for name in ("ser-head", "ser-trainer"):
        iam.create_instance_profile(InstanceProfileName=name)


def test_machines_have_the_cpus_and_gpus_that_the_file_says(amazon: Amazon) -> None:
    said = document(LAUNCHERS[0])["available_node_types"]
    for name, kind in amazon.config["available_node_types"].items():
        found = {key: kind["resources"].get(key) for key in said[name]["resources"]}
        assert found == said[name]["resources"], name


def test_only_ssh_is_open_to_the_world(amazon: Amazon) -> None:
    ec2 = Session(region_name="us-east-1").client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["ser-ray"]}])
    (group,) = found["SecurityGroups"]
    open_ports = [
        (rule["FromPort"], rule["ToPort"]) for rule in group["IpPermissions"] if rule["IpRanges"]
    ]
    assert open_ports == [(22, 22)]
    for kind in amazon.config["available_node_types"].values():
        assert kind["node_config"]["SecurityGroupIds"] == [group["GroupId"]]


def test_a_security_group_that_is_there_keeps_its_own_rules(
    amazon: Amazon, tmp_path: Path
) -> None:
    """So SSH can be had for one's own address alone, as the README says."""
    ec2 = Session(region_name="us-west-2").client("ec2")
    (vpc,) = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"]]
    made = ec2.create_security_group(GroupName="ser-ray", Description="ours", VpcId=vpc)
    own = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ec2.authorize_security_group_ingress(
        GroupId=made["GroupId"],
        IpPermissions=[{**own, "IpRanges": [{"CidrIp": "203.0.113.7/32"}]}],
    )
    config = prepared(document(LAUNCHERS[0]))
    config["provider"]["region"] = "us-west-2"
    config = bootstrap_aws(config)
    (group,) = ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"]
    (rule,) = group["IpPermissions"]
    assert [r["CidrIp"] for r in rule["IpRanges"]] == ["203.0.113.7/32"]
    head = config["available_node_types"]["head"]["node_config"]
    assert head["SecurityGroupIds"] == [made["GroupId"]]


@pytest.mark.parametrize(
    ("kind", "lifecycle"), [("gpu_spot", "spot"), ("gpu_on_demand", None), ("cpu", "spot")]
)
def test_a_worker_starts_as_the_file_says(
    amazon: Amazon, kind: str, lifecycle: str | None
) -> None:
    started = amazon.start(kind)
    ec2 = Session(region_name="us-east-1").client("ec2")
    found = ec2.describe_instances(InstanceIds=[started])["Reservations"][0]["Instances"][0]
    assert found.get("InstanceLifecycle") == lifecycle
    assert found["IamInstanceProfile"]["Arn"] == TRAINER
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    amazon.provider.terminate_node(started)


def test_the_role_of_the_head_allows_all_that_ray_asks(amazon: Amazon) -> None:
    """The life of a worker; nothing in it is asked by a person."""
    amazon.asked.clear()
    started = [amazon.start(kind) for kind in ("gpu_spot", "gpu_on_demand", "cpu")]
    assert set(amazon.provider.non_terminated_nodes({})) >= set(started)
    amazon.provider.set_node_tags(started[0], {"ray-node-status": "up-to-date"})
    amazon.provider.terminate_nodes(started)
    assert {operation for operation, _ in amazon.asked} == {
        *("RunInstances", "CreateTags", "DescribeInstances", "TerminateInstances"),
    }
    head = policy("head")
    for operation, parameters in amazon.asked:
        for action, resource, context in needed(operation, parameters):
            assert allows(head, action, resource, context), (action, resource, context)


def needed(
    operation: str, parameters: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Action, resource and context of all that IAM looks at for a request of Ray."""
    action = f"ec2:{operation}"
    own = {"ec2:ResourceTag/ray-cluster-name": "ser"}
    if operation == "DescribeInstances":
        yield action, "*", {}
    elif operation == "RunInstances":
        tags = {
            f"aws:RequestTag/{tag['Key']}": tag["Value"]
            for found in parameters["TagSpecifications"]
            for tag in found["Tags"]
        }
        profile = parameters["IamInstanceProfile"]["Name"]
        yield action, f"{HERE}:instance/*", {
            **tags,
            "ec2:MetadataHttpTokens": parameters["MetadataOptions"]["HttpTokens"],
            "ec2:InstanceProfile": TRAINER.replace("ser-trainer", profile),
        }  # fmt: skip
        yield action, f"arn:aws:ec2:{FILLED['REGION']}::image/ami-1", {}
        for kind in (
            "key-pair/k",
            "network-interface/*",
            "security-group/s",
            "subnet/s",
            "volume/*",
        ):
            yield action, f"{HERE}:{kind}", {}
        yield "ec2:CreateTags", f"{HERE}:instance/i", {"ec2:CreateAction": "RunInstances"}
        role = f"arn:aws:iam::{FILLED['ACCOUNT']}:role/{profile}"
        yield "iam:PassRole", role, {"iam:PassedToService": "ec2.amazonaws.com"}
        image = parameters["ImageId"].removeprefix("resolve:ssm:")
        yield "ssm:GetParameters", f"arn:aws:ssm:{FILLED['REGION']}::parameter{image}", {}
    else:
        for each in parameters.get("InstanceIds", parameters.get("Resources", [])):
            yield action, f"{HERE}:instance/{each}", own


STARTS = {
    "aws:RequestTag/ray-cluster-name": "ser",
    "ec2:MetadataHttpTokens": "required",
    "ec2:InstanceProfile": TRAINER,
}
INSTANCE = f"{HERE}:instance/i-1"


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("ec2:RunInstances", INSTANCE, {}),
        ("ec2:RunInstances", INSTANCE, {**STARTS, "aws:RequestTag/ray-cluster-name": "x"}),
        ("ec2:RunInstances", INSTANCE, {**STARTS, "ec2:MetadataHttpTokens": "optional"}),
        (
            "ec2:RunInstances",
            INSTANCE,
            {**STARTS, "ec2:InstanceProfile": TRAINER.replace("trainer", "head")},
        ),
        ("ec2:RunInstances", INSTANCE.replace("us-east-1", "eu-west-1"), STARTS),
        ("ec2:TerminateInstances", INSTANCE, {}),
        ("ec2:TerminateInstances", INSTANCE, {"ec2:ResourceTag/ray-cluster-name": "x"}),
        ("ec2:CreateTags", INSTANCE, {}),
        ("ec2:CreateTags", f"{HERE}:vpc/v", {"ec2:ResourceTag/ray-cluster-name": "ser"}),
        ("ec2:StopInstances", INSTANCE, {"ec2:ResourceTag/ray-cluster-name": "ser"}),
        (
            "iam:PassRole",
            f"arn:aws:iam::{FILLED['ACCOUNT']}:role/ser-head",
            {"iam:PassedToService": "ec2.amazonaws.com"},
        ),
        ("ssm:GetParameters", f"arn:aws:ssm:us-east-1:{FILLED['ACCOUNT']}:parameter/own", {}),
        ("s3:GetObject", "arn:aws:s3:::my-bucket/ser/runs/k", {}),
    ],
)
def test_the_role_of_the_head_allows_nothing_beside(
    action: str, resource: str, context: dict[str, str]
) -> None:
    assert not allows(policy("head"), action, resource, context)
