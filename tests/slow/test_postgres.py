"""A study whose trials lie in a real PostgreSQL, as on a cluster."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.postgres import PASSWORD, USER, PostgresServer
from tests.slow.platform import Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]

SETTINGS = {
    "name": "tiny",
    "split": {"by": "kfold", "folds": 2},
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment", "heads": 2, "weights": 4},
    "train": {"epochs": 1},
    "study": {"trials": 2, "search": {"model.dropout": {"uniform": [0.0, 0.5]}}},
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, demo_root: Path) -> Platform:
    platform = Platform(tmp_path_factory.mktemp("postgres"))
    corpus = {"kind": "demo", "size": "small", "root": str(demo_root)}
    platform.write({**SETTINGS, "corpus": corpus}, "tiny.yaml")
    return platform


@pytest.fixture(scope="module")
def storage(postgres: PostgresServer) -> str:
    """The worst way to give a password: where everybody who may list processes reads it."""
    return f"study.storage={postgres.url('optuna')}"


@pytest.fixture(scope="module")
def searched(platform: Platform, storage: str) -> list[subprocess.CompletedProcess[str]]:
    """A first trial, then another one."""
    search = ["tiny.yaml", "--search-only", "--set", storage]
    return [
        platform.run("tune", *search, *more)
        for more in (["--set", "study.trials=1"], ["--resume", "auto"])
    ]


def test_a_study_goes_on_from_its_database(
    searched: list[subprocess.CompletedProcess[str]], platform: Platform, storage: str
) -> None:
    for done in searched:
        assert done.returncode == 0, done.stdout
    assert "1 of 2 trials to run" in searched[1].stdout
    status = platform.run("tune", "status", "tiny.yaml", "--set", storage, "--json")
    (told,) = json.loads(status.stdout)["studies"]
    assert told["trials"]["complete"] == 2
    assert not list(platform.folder.rglob("optuna.db"))


def test_its_password_is_written_nowhere(
    searched: list[subprocess.CompletedProcess[str]],
    platform: Platform,
    postgres: PostgresServer,
) -> None:
    """Neither into the log, nor into MLflow, its files, the store or the study itself."""
    assert PASSWORD not in "".join(done.stdout for done in searched)
    holding = [path for path in platform.folder.rglob("*") if path.is_file()]
    assert not [path for path in holding if PASSWORD.encode() in path.read_bytes()]
    shown = f"postgresql://{USER}:***@127.0.0.1:{postgres.port}/optuna"
    command = f"--set study.storage={shown}".encode()
    assert [p for p in holding if p.name.startswith("mlflow.db") and command in p.read_bytes()]
    recorded = [json.loads(p.read_text()) for p in holding if p.name == "experiment.json"]
    assert shown in [each["study"]["storage"] for each in recorded if "study" in each]
    with postgres.connect("optuna") as connection:
        attributes = connection.execute("SELECT value_json FROM study_user_attributes").fetchall()
    assert attributes
    assert PASSWORD not in str(attributes)
