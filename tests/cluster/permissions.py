"""Whether a policy of cluster/iam allows a request: IAM's rules, as far as our policies use them.

moto looks at no condition, and for EC2 at no resource either.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from tests.cluster.files import CLUSTER, filled

Policy = dict[str, Any]


def policy(name: str) -> Policy:
    """Of a role, filled."""
    return json.loads(filled((CLUSTER / "iam" / f"{name}.json").read_text(encoding="utf-8")))


def allows(
    found: Policy, action: str, resource: str, context: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Whether some statement allows it; a condition on what a request does not say never holds.

    Args:
        found: a policy whose statements all allow.
        action: such as ``ec2:RunInstances``.
        resource: ARN of what it is done to, or ``*`` for none.
        context: what the request says: ``{"aws:RequestTag/a": "b"}``.
    """
    for statement in found["Statement"]:
        assert statement["Effect"] == "Allow"
        if (
            action in listed(statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            and _holds(statement.get("Condition", {}), context)
        ):
            return True
    return False


def _holds(condition: dict[str, dict[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, wanted in condition.items():
        assert operator in ("StringEquals", "StringLike", "ArnEquals"), operator
        for key, values in wanted.items():
            given = context.get(key)
            if given is None:
                return False
            if operator == "StringEquals":
                matches = given in listed(values)
            else:
                matches = any(fnmatchcase(given, value) for value in listed(values))
            if not matches:
                return False
    return True


def listed(found: str | list[str]) -> list[str]:
    """IAM takes one for a list of one."""
    return [found] if isinstance(found, str) else found
