"""Optuna's own storage, so that optuna-dashboard opens what a study holds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from optuna.storages import RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from ser_platform.errors import ConfigError

_UNUSABLE = (
    *(ArgumentError, OperationalError, sqlite3.Error),
    *(ImportError, OSError, RuntimeError),  # no driver, no folder, a schema of another version
)


def open_storage(url: str) -> RDBStorage:
    """Optuna's database; a SQLite file is made where there is none.

    Raises:
        ConfigError: when the URL is not one of a database that works.
    """
    try:
        parsed = make_url(url)
        engine: dict[str, object] = {}
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(parsed.database)) as connection:
                # Readers such as optuna-dashboard never block the study's writer.
                connection.execute("PRAGMA journal_mode=WAL")
            engine = {"connect_args": {"timeout": 30}}
        return RDBStorage(url, engine_kwargs=engine)
    except _UNUSABLE as e:
        reason = str(e).splitlines()[0]
        shown = url.rpartition("@")[2]  # never the password
        raise ConfigError(
            f"study.storage: '{shown}' cannot be opened: {reason}; give a "
            "database URL such as sqlite:///.ser/optuna.db or postgresql://user@host/db"
        ) from e
