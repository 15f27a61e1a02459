"""A protocol in words."""

from collections.abc import Mapping
from typing import Any


def protocol_in_words(protocol: Mapping[str, Any]) -> str:
    """Entry by entry, in one line."""
    return " · ".join(f"{name} {in_words(value)}" for name, value in protocol.items())


def in_words(value: Any) -> str:
    """``{"by": "session", "seed": 0}`` as ``session (seed=0)``; what is empty is left out."""
    if isinstance(value, list | tuple):
        return "+".join(in_words(item) for item in value)
    if not isinstance(value, dict):
        return str(value)
    head = [str(value[key]) for key in ("kind", "by") if key in value]
    rest = ", ".join(
        f"{key}={in_words(inner)}"
        for key, inner in value.items()
        if key not in ("kind", "by") and inner not in ("", {}, [], None)
    )
    return " ".join([*head, f"({rest})"] if rest else head)
