"""Secrets and experiment files: refused in them, and kept out of their records."""

from collections.abc import Iterator
from typing import Any

from ser_platform.config.problems import KeyPath, Problem
from ser_platform.config.schema import ExperimentFile
from ser_platform.redaction import is_secret_name, without_password

_REMEDY = (
    "a secret does not belong in an experiment file, which is recorded with every run; give it "
    "by the environment (AWS_SECRET_ACCESS_KEY, MLFLOW_TRACKING_PASSWORD), a profile "
    "(AWS_PROFILE) or an IAM role"
)


def secret_problems(settings: Any, path: KeyPath = ()) -> Iterator[Problem]:
    """A problem for every key that names a secret, wherever it stands; values are not shown."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            if is_secret_name(key):
                yield Problem((*path, key), _REMEDY)
            else:
                yield from secret_problems(value, (*path, key))
    elif isinstance(settings, list):
        for number, value in enumerate(settings):
            yield from secret_problems(value, (*path, number))


def recorded(file: ExperimentFile) -> dict[str, Any]:
    """An experiment file as records keep it: complete, but for the password of its database."""
    settings = file.model_dump(mode="json")
    settings["study"]["storage"] = without_password(file.study.storage)
    return settings
