"""Where MLflow is: a SQLite file or a server."""

import shutil
import sys
from pathlib import Path

from ser_platform.config.tracking_uri import SQLITE, fault_of
from ser_platform.errors import TrackingError

# No model is unpickled, and no queue of jobs is served by processes that nobody needs.
_UI_SETTINGS = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false"
_SQLITE_HEADER = b"SQLite format 3\0"


def sqlite_file(uri: str) -> Path | None:
    """The absolute path of the database; None for a server."""
    return Path(uri.removeprefix(SQLITE)).absolute() if uri.startswith(SQLITE) else None


def absolute(uri: str) -> str:
    """The same place, whatever the working directory becomes."""
    file = sqlite_file(uri)
    return uri if file is None else f"{SQLITE}{file}"


def check_uri(uri: str) -> None:
    """Refuse what can never work, without waking MLflow.

    Raises:
        TrackingError: when the URI is of no known kind, carries a password, or names a file that
            is no database.
    """
    file = sqlite_file(uri)
    if file is not None:
        _check_file(uri, file)
        return
    if fault := fault_of(uri):
        raise TrackingError(f"tracking.uri {fault}")


def ui_command(uri: str) -> str:
    """The command that opens the MLflow UI; a server has it at its own address."""
    file = sqlite_file(uri)
    if file is None:
        return uri
    place = f"--backend-store-uri {SQLITE}{file} --host 127.0.0.1 --port 5000"
    return f"{_UI_SETTINGS} {_mlflow()} ui {place}"


def ui_link(uri: str, experiment_id: str = "", view: str = "") -> str:
    """The page with the runs; without ``workflowType`` MLflow shows no metric columns.

    Args:
        uri: of MLflow.
        experiment_id: all experiments, when empty.
        view: key of a view shared in the experiment: which runs, in which order, which columns.
    """
    address = uri.rstrip("/") if sqlite_file(uri) is None else "http://127.0.0.1:5000"
    page = f"experiments/{experiment_id}/runs" if experiment_id else "experiments"
    shared = f"&viewStateShareKey={view}" if view else ""
    return f"{address}/#/{page}?workflowType=machine_learning{shared}"


def _check_file(uri: str, file: Path) -> None:
    if uri.removeprefix(SQLITE) in ("", ":memory:") or file.is_dir():
        raise TrackingError(
            f"tracking.uri '{uri}' names no file; write sqlite:///folder/mlflow.db"
        )
    if file.exists():
        with file.open("rb") as f:
            header = f.read(len(_SQLITE_HEADER))
        if header not in (b"", _SQLITE_HEADER):
            raise TrackingError(
                f"{file} (tracking.uri) is not a SQLite database; name another file, or move it "
                "away and a new database is made"
            )
        return
    nearest = next(folder for folder in file.parents if folder.exists())
    if not nearest.is_dir():
        raise TrackingError(
            f"tracking.uri '{uri}': {nearest} is a file, so {file.parent} cannot be a folder; "
            "name another place"
        )


def _mlflow() -> str:
    """How this environment's ``mlflow`` is called: by name when the shell would find it."""
    ours = Path(sys.executable).with_name("mlflow")
    found = shutil.which("mlflow")
    if found is not None and Path(found) == ours:
        return "mlflow"
    here = Path.cwd()
    return str(ours.relative_to(here) if ours.is_relative_to(here) else ours)
