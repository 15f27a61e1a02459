"""Passwords of database URLs stay out of what others read."""

from collections.abc import Callable

import pytest

from ser_platform.config.places import place_of
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.secrets import recorded
from ser_platform.redaction import is_secret_name, without_password


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


REMEDY = (
    "a secret does not belong in an experiment file, which is recorded with every run; give it "
    "by the environment (AWS_SECRET_ACCESS_KEY, MLFLOW_TRACKING_PASSWORD), a profile "
    "(AWS_PROFILE) or an IAM role"
)


def test_a_key_that_names_a_secret_is_refused_with_the_remedy_and_without_its_value(
    refusal: Callable[..., str],
) -> None:
    content = """\
        name: x
        corpus: {kind: table, root: data, labels: {session_token: hush}}
        features: {kind: mfcc39}
        model: {kind: wise}
        aws:
          secret_access_key: hush
        study: {enqueue: [{api_key: hush}]}
    """
    assert refusal(content, "tracking.password=hush", "storage.aws_access_key_id=hush") == (
        "x.yaml: 6 problems\n"
        f"  line 2, corpus.labels.session_token: {REMEDY}\n"
        f"  line 6, aws.secret_access_key: {REMEDY}\n"
        f"  line 7, study.enqueue[0].api_key: {REMEDY}\n"
        "  line 7, study.enqueue[0].api_key: is not searched\n"
        f"  --set tracking.password: {REMEDY}\n"
        f"  --set storage.aws_access_key_id: {REMEDY}"
    )


def test_no_setting_of_ours_is_called_as_a_secret_is() -> None:
    names = {str(path[-1]) for path in place_of(ExperimentFile).paths()}
    assert [name for name in names if is_secret_name(name)] == []


def test_a_password_in_the_address_of_mlflow_is_refused_and_not_repeated(
    refusal: Callable[..., str],
) -> None:
    message = refusal(
        "name: x\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
        "tracking: {uri: http://anna:hush@mlflow.example}\n"
    )
    assert "line 5, tracking.uri: carries a user name or password for mlflow.example" in message
    assert "hush" not in message
