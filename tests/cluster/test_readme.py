"""cluster/README.md: its commands, run by a real shell; programs note how they are called.

Then each call is held to what the program itself takes; those of `aws` are made, against moto.
"""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import botocore.validate
import pytest
from boto3.session import Session
from botocore import xform_name
from moto import mock_aws

from ser_platform.serve.server import token_in
from tests.cluster.faults import SCHEMAS, faults
from tests.cluster.files import CLUSTER, FILLED, OBJECTS, ROOT, document, documents
from tests.cluster.kuberay import serve_faults
from tests.cluster.words import command_fault

NOTED = ("aws", "curl", "docker", "gcloud", "helm", "kubectl", "pip", "python", "ray", "serve")
NOTE = r"""#!/bin/sh
for word in "${0##*/}" "$@"; do printf '%s\037' "$word" >> "$CALLS"; done
printf '\036' >> "$CALLS"
[ "${0##*/}" != aws ] || echo id-1
"""


@dataclass(frozen=True)
class Followed:
    """What is there once somebody has followed the page from its top to its end."""

    home: Path
    root: Path
    """Of the repository."""
    calls: list[list[str]]

    def of(self, *first: str) -> list[list[str]]:
        """Calls that begin with these words."""
        return [words for words in self.calls if words[: len(first)] == list(first)]


def blocks() -> list[str]:
    text = (CLUSTER / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("readme")
    home, root, programs = (folder / name for name in ("home", "root", "programs"))
    for made in (home, root, programs):
        made.mkdir()
    for path in ROOT.iterdir():
        if path.name in ("cluster", "experiments", "constraints.txt", "pyproject.toml"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, root / path.name)
    for name in NOTED:
        (programs / name).write_text(NOTE)
        (programs / name).chmod(0o755)
    calls = folder / "calls"
    told = {
        "HOME": str(home),
        "CALLS": str(calls),
        "PATH": f"{programs}:{os.environ['PATH']}",  # noqa: TID251
    }
    for block in blocks():
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=root, env=told, check=True, timeout=60
        )
    noted = calls.read_text(encoding="utf-8").split("\036")[:-1]
    return Followed(home, root, [words.split("\037")[:-1] for words in noted])


def test_the_token_is_the_users_alone(followed: Followed) -> None:
    folder = followed.home / ".ser-cluster"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    apart = [followed.home / ".ser-stack.env", *(followed.home / ".ser-kubernetes").iterdir()]
    for path in [*folder.iterdir(), *apart]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert re.fullmatch(r"[0-9a-f]{64}", (folder / "ray-token").read_text())


def test_what_is_served_on_one_machine_is_read_from_there(followed: Followed) -> None:
    config = document(followed.root / "my-cluster" / "serve" / "config.yaml")
    assert list(serve_faults(config)) == []
    (application,) = config["applications"]
    assert Path(application["args"]["token_file"]).is_relative_to(followed.home)
    token_in(Path(application["args"]["token_file"]))
    assert application["args"]["uri"] == "http://127.0.0.1:5000"
    ((_, *asked),) = followed.of("curl")
    assert asked[-1] == f"http://127.0.0.1:{config['http_options']['port']}/v1/emotion"


def test_the_filled_copy_has_no_words_left_and_is_taken(followed: Followed) -> None:
    words = re.compile(rf"\b({'|'.join(FILLED)})\b")
    for path in (followed.root / "my-cluster").rglob("*"):
        if path.suffix in (".yaml", ".json"):
            assert not words.search(path.read_text(encoding="utf-8")), path
    for path in OBJECTS:
        copy = followed.root / "my-cluster" / path.relative_to(CLUSTER)
        for each in documents(copy):
            assert faults(each) == [], path
        assert documents(copy) == documents(path)


def test_ray_and_our_own_commands_take_what_is_said_to_them(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(followed.root)
    asked = followed.of("ray") + followed.of("python") + followed.of("serve")
    jobs = [words[words.index("--") + 1 :] for words in asked if "--" in words]
    assert len(asked) > 15
    assert len(jobs) == 3
    for words in [*asked, *jobs]:
        assert command_fault(words) == "", words


def test_what_is_said_of_studies_is_checked_with_the_settings_of_the_page(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that is misspelt would be seen."""
    monkeypatch.chdir(followed.root)
    job = next(words for words in followed.of("ray", "job", "submit") if "groups" in str(words))
    words = job[job.index("--") + 1 :]
    assert command_fault([w.replace("cluster.groups", "cluster.group") for w in words]) != ""


def test_files_that_are_named_are_there(followed: Followed) -> None:
    named = []
    for words in followed.of("kubectl") + followed.of("docker"):
        named += [value for flag, value in pairwise(words) if flag == "-f"]
    assert len(named) > 8
    for name in named:
        assert (followed.root / name).exists(), name


def test_secrets_hold_what_pods_read(followed: Followed) -> None:
    made: dict[str, set[str]] = {}
    for words in followed.of("kubectl", "-n", "ser", "create"):
        kind, *rest = words[4:]
        name = rest[1] if kind == "secret" else rest[0]
        for flag in rest:
            if flag.startswith("--from-file="):
                *key, place = flag.removeprefix("--from-file=").split("=")
                path = followed.root / place
                made.setdefault(name, set()).add(key[0] if key else path.name)
                text = path.read_text(encoding="utf-8")
                assert text
                # A password in a variable would end with the line's end.
                assert kind != "secret" or name == "mlflow-accounts" or text == text.strip()
    assert made == {
        "ser-ray-token": {"auth_token"},
        "ser-databases": {"postgres", "mlflow", "optuna"},
        "mlflow-accounts": {"htpasswd"},
        "ser-mlflow": {"password"},
        "ser-serve-token": {"serve-token"},
        "databases": {"databases.sql"},
        "mlflow-proxy": {"nginx.conf"},
    }


def test_images_are_built_with_arguments_that_they_have_and_tags_that_pods_name(
    followed: Followed,
) -> None:
    manifests = "".join(path.read_text(encoding="utf-8") for path in OBJECTS)
    built = followed.of("docker", "build")
    assert len(built) == 3
    for words in built:
        flags = dict(pairwise(words))
        text = (followed.root / flags["-f"]).read_text(encoding="utf-8")
        if "--build-arg" in flags:
            assert f"ARG {flags['--build-arg'].partition('=')[0]}=" in text
        assert flags["-t"].replace(FILLED["REGISTRY"], "REGISTRY") in manifests


def test_names_on_kubernetes_are_those_of_the_manifests(followed: Followed) -> None:
    jobs, answers = followed.of("kubectl", "-n", "ser", "port-forward")
    cluster = document(CLUSTER / "kuberay" / "raycluster.yaml")["metadata"]["name"]
    assert jobs[4:] == [f"service/{cluster}-head-svc", "8265:8265"]
    service = document(CLUSTER / "kuberay" / "rayservice.yaml")["metadata"]["name"]
    assert answers[4:] == [f"service/{service}-serve-svc", "8000:8000"]
    assert followed.of("kubectl", "-n", "ser", "get", "rayservice", service)
    job = document(CLUSTER / "kuberay" / "rayjob.yaml")["metadata"]["name"]
    assert followed.of("kubectl", "-n", "ser", "get", "rayjob", job)
    assert followed.of("kubectl", "-n", "ser", "delete", "raycluster", cluster)


def test_the_operator_is_of_the_version_whose_schemas_are_looked_at(followed: Followed) -> None:
    (install,) = followed.of("helm", "install")
    version = install[install.index("--version") + 1]
    assert f"KubeRay v{version}" in (SCHEMAS / "NOTICE").read_text(encoding="utf-8")


def calls_of_aws(found: Followed) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Service, operation and parameters of each call of `aws`, read as it reads them."""
    session = Session(region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    for _, command, operation, *words in found.of("aws"):
        service = {"s3api": "s3"}.get(command, command)
        model = session.client(service).meta.service_model
        names = {xform_name(name, "-"): name for name in model.operation_names}
        assert operation in names, (command, operation)
        shape = model.operation_model(names[operation]).input_shape
        yield service, names[operation], _parameters(found, shape, words)


OF_THE_CLIENT = {"--query", "--output", "--max-items", "--region"}
SHORT = {"--protocol": "IpProtocol", "--port": "FromPort", "--cidr": "CidrIp",
         "--source-group": "SourceSecurityGroupId"}  # fmt: skip
"""What the command line of EC2 adds to the operation's own parameters."""


def _parameters(found: Followed, shape: Any, words: Sequence[str]) -> dict[str, Any]:
    flags = {f"--{xform_name(name, '-')}": name for name in shape.members}
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            given[word] = []
        else:
            given[list(given)[-1]].append(word)
    read = {}
    for flag, values in given.items():
        if flag in OF_THE_CLIENT or (flag in SHORT and "IpPermissions" in shape.members):
            continue
        assert flag in flags, (flag, sorted(flags))
        read[flags[flag]] = _value(found, shape.members[flags[flag]], values)
    return read


def _value(found: Followed, shape: Any, values: list[str]) -> Any:
    """Of a parameter: text, a file, a list, or a structure in shorthand."""
    if shape.type_name == "list":
        return [_value(found, shape.member, [value]) for value in values]
    (value,) = values
    if value.startswith("file://"):
        text = (found.root / value.removeprefix("file://")).read_text(encoding="utf-8")
        json.loads(text)
        return text
    if shape.type_name == "structure":
        parts: dict[str, Any] = {}
        for part in value.split(","):
            name, is_given, text = part.partition("=")
            if is_given:
                below = shape.members[name]
                parts[name] = [text] if below.type_name == "list" else _word(below, text)
            else:
                parts[list(parts)[-1]].append(name)
        return parts
    return value


def _word(shape: Any, text: str) -> Any:
    return text == "true" if shape.type_name == "boolean" else text


def test_aws_takes_what_is_said_to_it(followed: Followed) -> None:
    session = Session(region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    called = list(calls_of_aws(followed))
    assert len(called) > 15
    for service, operation, parameters in called:
        shape = session.client(service).meta.service_model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(parameters, shape)
        assert report.generate_report() == "", (operation, parameters)


def test_the_roles_are_there_when_all_is_done(followed: Followed) -> None:
    with mock_aws():
        session = Session(region_name="us-east-1")
        for service, operation, parameters in calls_of_aws(followed):
            if service in ("iam", "s3"):
                getattr(session.client(service), xform_name(operation))(**parameters)
        iam, s3 = session.client("iam"), session.client("s3")
        policies = {
            role["RoleName"]: set(iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"])
            for role in iam.list_roles()["Roles"]
            if role["RoleName"].startswith("ser-")
        }
        assert policies == {
            "ser-head": {"trainer", "head"},
            "ser-trainer": {"trainer"},
            "ser-trainer-pods": {"trainer"},
            "ser-tracker-pods": {"tracker"},
        }
        for name in ("ser-head", "ser-trainer"):
            profile = iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
            assert [role["RoleName"] for role in profile["Roles"]] == [name]
        assert "NeverInTheClear" in s3.get_bucket_policy(Bucket="my-bucket")["Policy"]
        assert s3.get_bucket_versioning(Bucket="my-bucket")["Status"] == "Enabled"


def test_every_file_that_the_page_names_is_there() -> None:
    text = (CLUSTER / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"`(tests/[\w/.]+\.py)`", text):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"\]\(\.\./([\w/.]+)", text):
        assert (ROOT / name).is_file(), name
