"""Make a strict JSON schema of a Kubernetes definition, as NOTICE says.

python -m tests.cluster.schemas.make CRD.yaml VERSION > tests/cluster/schemas/Kind.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """What an API server holds an object to with ``--validate=strict``, as JSON schema.

    Unknown fields are errors, also where Kubernetes would drop them; descriptions are left out,
    the rules in CEL (``x-kubernetes-validations``) stay, for tests/cluster/rules.py.
    """
    kept = {
        key: value
        for key, value in schema.items()
        if key not in ("description", "format", "x-kubernetes-embedded-resource")
        and not key.startswith(("x-kubernetes-list", "x-kubernetes-map"))
    }
    if kept.pop("x-kubernetes-int-or-string", False):
        kept.pop("type", None)
        kept.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    is_open = kept.pop("x-kubernetes-preserve-unknown-fields", False)
    if kept.pop("nullable", False) and "type" in kept:
        kept["type"] = [kept["type"], "null"]
    if "properties" in kept:
        properties = {name: strict(below) for name, below in kept["properties"].items()}
        kept["properties"] = properties
        if not is_open:
            kept.setdefault("additionalProperties", False)
        # The API server fills in what has a default before it asks for what is required.
        required = [name for name in kept.pop("required", ()) if "default" not in properties[name]]
        if required:
            kept["required"] = required
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = strict(kept[key])
    return kept


def of_definition(text: str, version: str) -> dict[str, Any]:
    """The schema of one version of a CustomResourceDefinition."""
    spec = yaml.safe_load(text)["spec"]
    (found,) = [v["schema"] for v in spec["versions"] if v["name"] == version]
    schema = strict(found["openAPIV3Schema"])
    # Checked by the API server itself, whatever a definition says.
    schema["properties"]["metadata"] = {"type": "object"}
    schema["properties"].pop("status", None)
    return schema


if __name__ == "__main__":
    made = of_definition(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2])
    sys.stdout.write(json.dumps(made, separators=(",", ":"), sort_keys=True) + "\n")
