"""Optuna's storage in a real PostgreSQL: several write at once, ended connections are renewed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

import ser_platform
from ser_platform.errors import ConfigError
from ser_platform.tune.storage import open_storage
from tests.postgres import PASSWORD, PostgresServer

pytestmark = pytest.mark.slow

WRITER = """
import json, sys
import optuna
from ser_platform.tune.storage import open_storage

optuna.logging.set_verbosity(optuna.logging.WARNING)
print("ready", flush=True)
sys.stdin.readline()
study = optuna.create_study(
    study_name="shared", storage=open_storage(sys.argv[1]), load_if_exists=True
)
numbers = []
for _ in range(10):
    trial = study.ask()
    numbers.append(trial.number)
    trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    for fold in (1, 2):
        trial.report(fold / 10, fold)
        trial.set_user_attr("folds", [fold / 10] * fold)
    study.tell(trial, 0.5)
print(json.dumps(numbers))
"""


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    """The storage; its connections are closed at the end."""
    storage = open_storage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def test_two_processes_write_one_study_side_by_side(postgres: PostgresServer) -> None:
    url = postgres.url("side-by-side")
    with opened(url):
        pass  # has made its tables
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url],
            cwd=Path(ser_platform.__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    first, second = (json.loads(writer.communicate(timeout=60)[0]) for writer in writers)
    assert sorted(first + second) == list(range(20))
    assert first[0] < second[-1]  # neither waited for the end of the other
    assert second[0] < first[-1]
    with opened(url) as storage:
        trials = optuna.load_study(study_name="shared", storage=storage).trials
    assert {(t.state.name, *t.user_attrs["folds"]) for t in trials} == {("COMPLETE", 0.2, 0.2)}


def test_a_connection_that_the_server_has_ended_is_made_anew(postgres: PostgresServer) -> None:
    with opened(postgres.url("ended")) as storage:
        study = optuna.create_study(storage=storage)
        with postgres.connect() as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ended'"
            )
            assert (True,) in ended.fetchall()
        assert study.ask().number == 0


def test_a_refusal_of_the_server_is_told_without_the_password(postgres: PostgresServer) -> None:
    url = postgres.url().replace(PASSWORD, "another-secret")
    with pytest.raises(ConfigError) as refused:
        open_storage(url)
    shown = url.replace("another-secret", "***")
    assert str(refused.value) == (
        f"study.storage: '{shown}' cannot be opened: (psycopg.OperationalError) connection "
        f'failed: connection to server at "127.0.0.1", port {postgres.port} failed: FATAL:  '
        'password authentication failed for user "ser"; give a database URL such as '
        "sqlite:///.ser/optuna.db or postgresql://user@host/db"
    )
