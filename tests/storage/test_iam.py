"""The policies of cluster/iam, enforced: a role may do what it needs, and nothing else (S11).

moto looks at actions and resources and passes over conditions: those are held to by hand.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import enable_iam_authentication

from ser_platform.doctor import services
from ser_platform.errors import StoreError
from ser_platform.predict import parts
from ser_platform.reproduce import reproduction
from ser_platform.storage import claim, open_store
from ser_platform.train import sweep

POLICIES = Path(__file__).parents[2] / "cluster" / "iam"
OTHERS = (claim.FOLDER, sweep.FOLDER, reproduction.FOLDER, parts.FOLDER)
"""What else the platform writes and reads."""
FEATURES, RUN, ARTIFACT = "features/v1/ab/ab.st", "runs/k/fold1/progress.st", "artifacts/1/model"

pytestmark = pytest.mark.usefixtures("keys")


def policy_of(role: str) -> dict[str, Any]:
    text = (POLICIES / f"{role}.json").read_text(encoding="utf-8")
    return json.loads(text.replace("BUCKET", "bucket").replace("PREFIX", "ser"))


@contextmanager
def somebody_with(role: str, environment: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a user who has the policy and no other right, as the environment has it."""
    with mock_aws():
        iam, s3 = Session().client("iam"), Session().client("s3")
        s3.create_bucket(Bucket="bucket")
        for key in (FEATURES, RUN, ARTIFACT):
            s3.put_object(Bucket="bucket", Key=f"ser/{key}", Body=b"x")
        s3.put_object(Bucket="bucket", Key="other/secret", Body=b"x")
        iam.create_user(UserName="u")
        policy = json.dumps(policy_of(role))
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
        given = iam.create_access_key(UserName="u")["AccessKey"]
        environment.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
        environment.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
        with enable_iam_authentication():
            yield Session().client("s3")


def refused(use: Callable[..., Any], **arguments: Any) -> bool:
    try:
        use(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDenied"
    return False


def test_a_trainer_keeps_runs_and_adds_features_and_can_do_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with somebody_with("trainer", monkeypatch) as s3:
        store = open_store("s3://bucket/ser")
        added = [f"{name}/v1/cd/cd.st" for name in ("features", "transcripts", "answers")]
        for key in (*added, RUN, *(f"{folder}k/x" for folder in OTHERS)):
            store.write(key, b"y")
            assert store.read(key) == b"y"
        assert store.create("features/manifests/m.json", b"y")
        assert [finding.state for finding in services.store(store)] == ["ok", "ok"]
        assert list(store.keys("features/v1/")) == ["features/v1/ab/ab.st", "features/v1/cd/cd.st"]
        store.write("quarantine/ab.st", b"y")
        store.delete(RUN)
        with pytest.raises(StoreError) as caught:
            store.delete(FEATURES)
        assert str(caught.value) == (
            f"s3:DeleteObject '{FEATURES}' in s3://bucket/ser at s3.amazonaws.com: access denied "
            "(AccessDenied); the credentials were accepted, but may not do this: allow "
            "s3:DeleteObject on arn:aws:s3:::bucket/ser/features/*"
        )
        outside = {"Bucket": "bucket", "Key": "other/secret"}
        artifact = {"Bucket": "bucket", "Key": f"ser/{ARTIFACT}"}
        for one in (outside, artifact):
            assert refused(s3.get_object, **one)
            assert refused(s3.put_object, **one, Body=b"")
            assert refused(s3.delete_object, **one)
        everywhere(s3)


def test_a_tracker_keeps_artifacts_and_sees_no_feature_and_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with somebody_with("tracker", monkeypatch) as s3:
        artifact = {"Bucket": "bucket", "Key": f"ser/{ARTIFACT}"}
        s3.put_object(**artifact, Body=b"y")
        assert s3.get_object(**artifact)["Body"].read() == b"y"
        s3.delete_object(**artifact)
        for key in (f"ser/{FEATURES}", f"ser/{RUN}", "other/secret"):
            assert refused(s3.get_object, Bucket="bucket", Key=key)
            assert refused(s3.put_object, Bucket="bucket", Key=key, Body=b"")
        everywhere(s3)


def everywhere(s3: Any) -> None:
    """What nobody may."""
    assert refused(s3.list_buckets)
    assert refused(s3.delete_bucket, Bucket="bucket")
    assert refused(s3.put_bucket_policy, Bucket="bucket", Policy="{}")
    assert refused(s3.create_bucket, Bucket="another")


@pytest.mark.parametrize("role", ["trainer", "tracker"])
def test_no_policy_has_a_wildcard_for_actions_or_for_whole_buckets(role: str) -> None:
    for statement in policy_of(role)["Statement"]:
        actions, resources = statement["Action"], statement["Resource"]
        assert "*" not in json.dumps(actions)
        listed = [resources] if isinstance(resources, str) else resources
        assert all(
            r == "arn:aws:s3:::bucket" or r.startswith("arn:aws:s3:::bucket/ser/") for r in listed
        )


def test_what_is_listed_is_what_the_policy_lets_be_listed() -> None:
    may = policy_of("trainer")["Statement"][0]["Condition"]["StringLike"]["s3:prefix"]
    for prefix in (
        "ser/features",
        "ser/features/v1/",
        f"ser/{RUN}",
        "ser/transcripts/v1/",
        "ser/answers/v1/",
    ):
        assert any(fnmatchcase(prefix, pattern) for pattern in may)
    for prefix in ("", "ser/", "ser/artifacts/", "other/"):
        assert not any(fnmatchcase(prefix, pattern) for pattern in may)
