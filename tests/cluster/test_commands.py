"""Every command of a manifest is read by the program that it is for, and every variable known."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ray.runtime_env import RuntimeEnv

from ser_platform.redaction import is_secret_name, redacted
from tests.cluster.files import (
    CLUSTER,
    COMPOSE,
    DOCKERFILES,
    LAUNCHERS,
    OBJECTS,
    ROOT,
    Document,
    containers,
    document,
)
from tests.cluster.launcher import commands
from tests.cluster.words import command_fault, unknown_variables

ENVIRONMENT = CLUSTER / "environment.sh"
IMAGES_OWN = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS", "PGDATA"}
"""Read by the image of PostgreSQL."""
DATABASES = {"MLFLOW_DB_PASSWORD", "OPTUNA_DB_PASSWORD"}
"""Read by databases.sql."""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_job_of_kubernetes_is_a_study_that_checks() -> None:
    entrypoint = document(CLUSTER / "kuberay" / "rayjob.yaml")["spec"]["entrypoint"]
    assert entrypoint.startswith("python -m ser_platform.tune experiments/")
    assert command_fault(shlex.split(entrypoint)) == ""


def test_the_job_keeps_its_state_off_the_cluster() -> None:
    """So that the next attempt, on another cluster, goes on with it."""
    entrypoint = document(CLUSTER / "kuberay" / "rayjob.yaml")["spec"]["entrypoint"]
    for setting in ("store=s3://", "tracking.uri=http://", "study.storage=postgresql://"):
        assert f"--set {setting}" in entrypoint


@pytest.mark.parametrize("path", LAUNCHERS, ids=lambda path: path.name)
def test_ray_takes_what_the_launcher_says_to_it(path: Path) -> None:
    found = list(commands(document(path), "ray"))
    assert len(found) == 4
    for words in found:
        assert command_fault(words) == ""


def mlflow_commands() -> Iterator[tuple[str, list[str]]]:
    for name, one in containers():
        words = one.get("args", one.get("command", []))
        if "mlflow" in one["image"] and words:
            yield name, ["mlflow", *words]


def test_mlflow_takes_what_manifests_say_to_it() -> None:
    found = dict(mlflow_commands())
    assert len(found) == 2
    for words in found.values():
        assert command_fault(words) == ""


def test_mlflow_is_called_by_the_names_that_it_answers_to() -> None:
    """A service on Kubernetes is refused unless it is named (docs/security.md)."""
    entrypoint = document(CLUSTER / "kuberay" / "rayjob.yaml")["spec"]["entrypoint"]
    host = re.search(r"tracking\.uri=http://(\S+)", entrypoint)
    assert host is not None
    (words,) = [w for name, w in mlflow_commands() if name.startswith("mlflow.yaml")]
    allowed = next(w for w in words if w.startswith("--allowed-hosts="))
    assert host[1] in allowed.removeprefix("--allowed-hosts=").split(",")
    assert "*" not in allowed


def variables() -> Iterator[tuple[str, str, object]]:
    """File, name and value of all that is set; None for a value that is read from a secret."""
    for name, one in containers():
        told = one.get("env", [])
        for variable in told:
            yield name, variable["name"], variable.get("value")
        for key, value in one.get("environment", {}).items():
            yield name, key, None if re.fullmatch(r"\$\{\w+:\?.*\}", value) else value
    for key, value in re.findall(r"^export (\w+)=(.*)$", ENVIRONMENT.read_text("utf-8"), re.M):
        yield ENVIRONMENT.name, key, value
    for path in DOCKERFILES:
        block = path.read_text(encoding="utf-8").partition("\nENV ")[2].partition("\nCMD")[0]
        for key, value in re.findall(r"(\w+)=(\S+)", block.partition("\nENTRYPOINT")[0]):
            yield path.name, key, value


def test_every_variable_is_one_that_somebody_reads() -> None:
    found = {name for _, name, _ in variables()}
    assert {"RAY_AUTH_MODE", "MLFLOW_TRACKING_PASSWORD", "PGPASSWORD"} <= found
    others = found - IMAGES_OWN - DATABASES - {"NVIDIA_DRIVER_CAPABILITIES"}
    assert unknown_variables(sorted(others)) == []
    assert unknown_variables(["RAY_USAGE_STATS_ENABLE", "MLFLOW_ALLOW_PICKLE", "AWS_REGION"]) == [
        *("RAY_USAGE_STATS_ENABLE", "MLFLOW_ALLOW_PICKLE", "AWS_REGION"),
    ]
    asked = (CLUSTER / "mlflow" / "databases.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"\\getenv \w+ (\w+)", asked)) == DATABASES


def test_nothing_is_unpickled_anywhere() -> None:
    said = who_says("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    assert {"Dockerfile", "Dockerfile.mlflow", "environment.sh", "mlflow.yaml mlflow"} <= said
    assert {"raycluster.yaml ray-head", "raycluster.yaml ray-worker"} <= said


def test_the_server_of_mlflow_runs_no_jobs() -> None:
    said = who_says("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    assert said == {"mlflow.yaml mlflow", "Dockerfile.mlflow"}


def who_says(name: str, value: str) -> set[str]:
    return {place for place, *told in variables() if told == [name, value]}


def test_no_secret_stands_in_a_manifest() -> None:
    for place, name, value in variables():
        assert not is_secret_name(name) or value is None or name.endswith("_PATH"), (place, name)
    assert {name for _, name, value in variables() if value is None} == {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "POSTGRES_PASSWORD"),
        *("MLFLOW_TRACKING_PASSWORD", *DATABASES),
    }
    for path in OBJECTS:
        for each in _objects(path):
            assert each["kind"] != "Secret", path.name


def test_nothing_in_a_file_has_the_form_of_a_secret() -> None:
    """Lines that only name a secret, of Kubernetes or of a variable, are left out."""
    names = re.compile(
        r"#|\$\{\w+:\?|secret(Name|KeyRef)|authOptions|_TOKEN|ray-token|=token|Token(s)?:"
    )
    for path in [*LAUNCHERS, *OBJECTS, COMPOSE, ENVIRONMENT, *DOCKERFILES]:
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not names.search(line))
        assert redacted(text) == text, path.name


def _objects(path: Path) -> list[Document]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_ray_takes_the_runtime_environment() -> None:
    found = document(CLUSTER / "runtime_env.yaml")
    assert RuntimeEnv(**found).to_dict() == found
    # Everybody who reaches the dashboard reads it.
    assert set(found) == {"excludes"}
