"""Reaching MLflow: the client, the database it needs, the experiment runs belong to."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import requests
from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Run
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from ser_platform.errors import TrackingError
from ser_platform.tracking.uri import absolute, sqlite_file

OUTAGE = (MlflowException, requests.RequestException, SQLAlchemyError, OSError, TrackingError)
"""What comes up when MLflow is away, refuses, or its disk is full."""

_SYSTEM_ERROR = re.compile(r"\[Errno -?\d+\] ([^\"')]+)")
_PAGE = 500


def connect(uri: str) -> MlflowClient:
    """A client; a SQLite database is made first where there is none.

    Nothing global is set: other users of MLflow in this process keep their own URI.
    """
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        _create_database(file)
    return MlflowClient(absolute(uri))


def open_experiment(client: MlflowClient, uri: str, name: str) -> str:
    """The id of the MLflow experiment of that name, made when there is none.

    Raises:
        TrackingError: when it was deleted, which keeps its name taken.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        file = sqlite_file(uri)
        # Without a place, a client of SQLite puts artifacts in ./mlruns, wherever it runs.
        place = None if file is None else _artifacts(file)
        return client.create_experiment(name, artifact_location=place)
    if found.lifecycle_stage == LifecycleStage.DELETED:
        raise TrackingError(
            f"the MLflow experiment '{name}' at {uri} was deleted; restore it with `mlflow "
            f"experiments restore --experiment-id {found.experiment_id}` or set another "
            "tracking.experiment"
        )
    return found.experiment_id


def search(client: MlflowClient, experiment_id: str, where: str) -> Iterator[Run]:
    """All runs of an experiment that match, oldest first."""
    token = None
    while True:
        page = client.search_runs(
            [experiment_id],
            where,
            max_results=_PAGE,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def reason(error: BaseException) -> str:
    """One short line of what MLflow wraps in many."""
    text = str(error)
    if isinstance(error, TrackingError):
        return text
    if found := _SYSTEM_ERROR.search(text):
        return found[1].lower()
    if "timeout" in text.lower():
        return "no answer"
    if "RemoteDisconnected" in text:
        return "it broke the connection off"
    return text.partition("\n")[0][:300] or type(error).__name__


def _artifacts(file: Path) -> str:
    return (file.parent / "mlartifacts").as_uri()


def _create_database(file: Path) -> None:
    """Make all tables in a new file, and give it its name once it is whole.

    Two programs that migrate one file at a time break it, and so does one that is killed.
    """
    # Only here: it takes seconds to load, and a server is reached without it.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{uuid4().hex[:8]}.new")
    try:
        SqlAlchemyStore(f"sqlite:///{new}", _artifacts(file)).engine.dispose()
        file.hardlink_to(new)
    except FileExistsError:
        pass  # somebody else was faster; theirs is as good
    finally:
        new.unlink(missing_ok=True)
