"""Passwords in database URLs: kept out of logs and of records that others read."""

import re
from typing import Any

from ser_platform.config.schema import ExperimentFile

_PASSWORD = re.compile(r"^([^:/]*://[^:/]*|[^:/]*(?!://)):.*@")
"""Up to the last ``@``: one that nobody has encoded is no reason to show the rest."""
_IN_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&]*")


def without_password(text: str) -> str:
    """A URL, or an argument that ends with one, with ``***`` for its password.

    ``study.storage=postgresql://ser:***@host/optuna``
    """
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


def recorded(file: ExperimentFile) -> dict[str, Any]:
    """An experiment file as records keep it: complete, but for the password of its database."""
    settings = file.model_dump(mode="json")
    settings["study"]["storage"] = without_password(file.study.storage)
    return settings
