"""What is wrong with a Dockerfile, a Compose file, or nginx's configuration."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import crossplane

from tests.cluster.faults import schema, schema_faults
from tests.cluster.files import Document

HADOLINT = Path(sys.executable).with_name("hadolint")
YAMLLINT = Path(sys.executable).with_name("yamllint")


def dockerfile_faults(text: str) -> list[str]:
    """What hadolint says, and whether the image ends as nobody in particular."""
    command = [HADOLINT, "--format=json", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    found = [f"line {f['line']}: {f['code']} {f['message']}" for f in json.loads(done.stdout)]
    users = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    if not users or users[-1] != "1000:1000":
        found.append(f"USER: {users}")
    return found


def compose_faults(found: Document) -> list[str]:
    """What the Compose Specification does not allow, and what it allows and we do not."""
    return schema_faults(schema("compose"), found) or list(_own_compose_faults(found))


def _own_compose_faults(found: Document) -> Iterator[str]:
    services = found["services"]
    for name, service in services.items():
        for port in service.get("ports", ()):
            if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
                yield f"{name}: port {port} is not on loopback alone"
        for other in service.get("depends_on", {}):
            if other not in services:
                yield f"{name}: no service {other}"
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            if not source.startswith("./") and source not in found["volumes"]:
                yield f"{name}: no volume {source}"
        if "healthcheck" not in service:
            yield f"{name}: nobody sees whether it works"


def nginx_faults(text: str) -> list[str]:
    """What a parser that knows nginx's directives says, and where each may stand."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_text(text, encoding="utf-8")
        return [e["error"] for e in crossplane.parse(str(file), strict=True)["errors"]]


def yamllint(path: Path) -> str:
    """What yamllint says of a file: keys twice, words that YAML 1.1 takes for truth values, ..."""
    rules = (
        "{extends: default, rules: {document-start: disable, line-length: {max: 140}, "
        "braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}, "
        "truthy: {check-keys: false}}}"
    )
    command = [YAMLLINT, "--strict", "--format=parsable", "-d", rules, path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
