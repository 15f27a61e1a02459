"""The rules that Kubernetes' definitions have in CEL, evaluated by a real CEL engine."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel

Schema = dict[str, Any]


def broken_rules(schema: Schema, found: Any, where: str = "") -> Iterator[str]:
    """Message of every rule of a schema that a value breaks, with its path.

    Rules about changes (``oldSelf``) hold for what is there already, and are passed over.
    """
    for rule in schema.get("x-kubernetes-validations", ()):
        if "oldSelf" not in rule["rule"] and not _holds(rule["rule"], found):
            yield f"{where}: {rule.get('message', rule['rule'])}"
    if isinstance(found, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties")
        for name, value in found.items():
            below = properties.get(name, others)
            if isinstance(below, dict):
                yield from broken_rules(below, value, f"{where}.{name}".lstrip("."))
    elif isinstance(found, list) and isinstance(schema.get("items"), dict):
        for number, value in enumerate(found):
            yield from broken_rules(schema["items"], value, f"{where}[{number}]")


def _holds(rule: str, found: Any) -> bool:
    return bool(program(rule).evaluate({"self": json_to_cel(found)}))


@cache
def program(rule: str) -> celpy.Runner:
    """A rule, compiled."""
    environment = celpy.Environment()
    return environment.program(
        environment.compile(rule), functions={"find": _find, "split": _split}
    )


# Kubernetes' own additions to CEL.
def _find(text: str, pattern: str) -> celtypes.StringType:
    match = re.search(pattern, text)
    return celtypes.StringType(match[0] if match else "")


def _split(text: str, separator: str) -> celtypes.ListType:
    return celtypes.ListType([celtypes.StringType(part) for part in text.split(separator)])
