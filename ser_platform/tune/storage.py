"""Optuna's own storage, so that optuna-dashboard opens what a study holds."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from optuna.storages import RDBStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from ser_platform.errors import ConfigError
from ser_platform.redaction import without_password

UNUSABLE = (
    *(SQLAlchemyError, sqlite3.Error),
    *(ImportError, OSError, RuntimeError),  # no driver, no folder, a schema of another version
    ValueError,  # a port that is no number
)
"""What a database that does not work is met with."""
_BUSY_S = 30
"""How long a writer may hold a SQLite file."""


def open_storage(url: str) -> RDBStorage:
    """Optuna's database; a SQLite file is made where there is none.

    Raises:
        ConfigError: when the URL is not one of a database that works.
    """
    try:
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(parsed.database)) as connection:
                # Readers such as optuna-dashboard never block the study's writer.
                connection.execute("PRAGMA journal_mode=WAL")
        return storage_at(parsed)
    except UNUSABLE as e:
        raise ConfigError(
            f"study.storage: '{without_password(url)}' cannot be opened: {why(e)}; give a "
            "database URL such as sqlite:///.ser/optuna.db or postgresql://user@host/db"
        ) from e


def storage_at(url: URL, *, skip_table_creation: bool = False) -> RDBStorage:
    """Optuna's storage in a database that is there."""
    return RDBStorage(
        url.render_as_string(hide_password=False),
        engine_kwargs=engine_settings(url),
        skip_table_creation=skip_table_creation,
    )


def parsed_url(url: str) -> URL:
    """What a URL says; a PostgreSQL one that names no driver means psycopg 3.

    SQLAlchemy 2.1 takes it so; before, it was psycopg2.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def engine_settings(url: URL) -> dict[str, Any]:
    """How SQLAlchemy connects to it."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": _BUSY_S}}
    # A server that restarts ends connections, and so do firewalls when nobody used them for long.
    return {"pool_pre_ping": True}


def why(error: Exception) -> str:
    """Why a database cannot be used, in a line."""
    if isinstance(error, ImportError):
        return "its driver is not installed (PostgreSQL's: pip install 'ser-platform[postgres]')"
    return str(error).splitlines()[0]
