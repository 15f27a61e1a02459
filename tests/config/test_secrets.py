"""Passwords of database URLs stay out of what others read."""

import pytest

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.secrets import recorded, without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ser:pw@db/optuna", "postgresql://ser:***@db/optuna"),
        ("study.storage=postgresql://ser:/p w@@db/o", "study.storage=postgresql://ser:***@db/o"),
        ("postgresql://db/o?user=ser&password=pw&a=b", "postgresql://db/o?user=ser&password=***&a=b"),
        ("ser:pw@db/optuna", "ser:***@db/optuna"),
        ("study={storage: postgresql://ser:pw@db/o}", "study={storage:***@db/o}"),
    ],
)  # fmt: skip
def test_a_password_is_not_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ser@db/optuna",
        "sqlite:///.ser/optuna.db",
        "sqlite:////data/a:b@c/optuna.db",
        "s3://bucket/prefix",
        "experiments/wise@home.yaml",
        "model.dropout=0.2",
    ],
)
def test_what_has_no_password_stays_as_it_is(text: str) -> None:
    assert without_password(text) == text


def test_a_recorded_file_is_complete_but_for_the_password() -> None:
    given = {
        "name": "x",
        "corpus": {"kind": "demo"},
        "features": {"kind": "mfcc39"},
        "model": {"kind": "wise"},
        "study": {"storage": "postgresql://ser:pw@db/optuna"},
    }
    file = ExperimentFile.model_validate(given, strict=False)
    whole = file.model_dump(mode="json")
    assert recorded(file) == {
        **whole,
        "study": {**whole["study"], "storage": "postgresql://ser:***@db/optuna"},
    }
