"""The files of cluster/, as data."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "cluster"
LAUNCHERS = (CLUSTER / "aws.yaml", CLUSTER / "gcp.yaml")
COMPOSE = CLUSTER / "mlflow" / "compose.yaml"
DOCKERFILES = (CLUSTER / "docker" / "Dockerfile", CLUSTER / "docker" / "Dockerfile.mlflow")
OBJECTS = tuple(
    path
    for folder in ("kuberay", "karpenter", "mlflow")
    for path in sorted((CLUSTER / folder).glob("*.yaml"))
    if path != COMPOSE
)
"""Files of Kubernetes' objects."""

Document = dict[str, Any]

FILLED = {
    "ACCOUNT": "123456789012",
    "BUCKET": "my-bucket",
    "EKS-CLUSTER": "my-eks",
    "OIDC": "oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
    "PREFIX": "ser",
    "PROJECT": "my-project",
    "REGION": "us-east-1",
    "REGISTRY": "123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "ZONE": "us-east1-b",
}
"""What a user replaces, and by what the tests do."""


def filled(text: str) -> str:
    """A file as it is after a user has replaced the words in capitals, which are whole words."""
    for word, value in FILLED.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return text


def documents(path: Path) -> list[Document]:
    """Of a YAML file, filled."""
    text = filled(path.read_text(encoding="utf-8"))
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def document(path: Path, kind: str = "") -> Document:
    """The only document of a file, or the only one of a kind."""
    (found,) = [d for d in documents(path) if not kind or d["kind"] == kind]
    return found


def constraints() -> dict[str, str]:
    """Version of each package in constraints.txt that has one for all Pythons."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def pod_specs(found: Any, where: str = "") -> Iterator[tuple[str, Document]]:
    """Every pod's specification in a document, with its path: whatever has ``containers``."""
    if isinstance(found, dict):
        if "containers" in found:
            yield where, found
        for key, value in found.items():
            yield from pod_specs(value, f"{where}.{key}".lstrip("."))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            yield from pod_specs(value, f"{where}[{number}]")


def containers() -> Iterator[tuple[str, Document]]:
    """Every container of every object, with its file and name; those of Compose as well."""
    for path in OBJECTS:
        for each in documents(path):
            for _, pod in pod_specs(each):
                for one in pod["containers"]:
                    yield f"{path.name} {one['name']}", one
    for name, service in document(COMPOSE)["services"].items():
        yield f"{COMPOSE.name} {name}", service
