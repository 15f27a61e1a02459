"""Reading results back from MLflow."""

from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import Experiment, Run
from pydantic import ValidationError

from ser_platform.errors import TrackingError
from ser_platform.results import RunResult
from ser_platform.tracking import layout
from ser_platform.tracking.connection import OUTAGE, connect, reason, search
from ser_platform.tracking.entries import Finals, LoggedFinal
from ser_platform.tracking.result_file import RESULT_FILE, digest
from ser_platform.tracking.uri import check_uri, sqlite_file


def read_finals(uri: str, experiment: str) -> Finals:
    """Read all final scorings; nothing is written, and no database is made.

    Raises:
        TrackingError: when MLflow, its database or the experiment is not there.
    """
    check_uri(uri)
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        raise TrackingError(
            f"there is no {file}: nothing has been logged yet. Run `python -m ser_platform.tune "
            "experiments/demo.yaml`, or name another database with --uri"
        )
    try:
        client = connect(uri)
        opened = _experiment(client, uri, experiment)
        experiment_id = opened.experiment_id
        where = f"tags.`{layout.ROLE}` = 'final'"
        found = tuple(_final(client, run) for run in search(client, experiment_id, where))
    except TrackingError:
        raise
    except OUTAGE as e:
        raise TrackingError(
            f"MLflow at {uri}: {reason(e)}. Start it, or name another with --uri"
        ) from e
    return Finals(experiment_id, found, frozenset(opened.tags))


def logged_run_keys(uri: str) -> set[str]:
    """Keys of the runs that MLflow has results of, in whichever of its experiments.

    Raises:
        TrackingError: when MLflow, or its database, is not there.
    """
    check_uri(uri)
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        raise TrackingError(f"there is no {file}, so what MLflow names is not known")
    try:
        client = connect(uri)
        return {
            run.data.tags[layout.RUN_KEY]
            for opened in client.search_experiments()
            for run in search(client, opened.experiment_id, "")
            if layout.RUN_KEY in run.data.tags
        }
    except OUTAGE as e:
        raise TrackingError(f"MLflow at {uri}: {reason(e)}") from e


def _experiment(client: MlflowClient, uri: str, name: str) -> Experiment:
    known = {found.name: found for found in client.search_experiments()}
    if name not in known:
        others = ", ".join(sorted(known))
        raise TrackingError(f"MLflow at {uri} has no experiment '{name}'; there is: {others}")
    return known[name]


def _final(client: MlflowClient, run: Run) -> LoggedFinal:
    result, problem = None, _unfinished(run)
    if not problem:
        result, problem = read_result(client, run)
    tags = run.data.tags
    return LoggedFinal(
        run.info.run_id,
        tags.get(layout.STUDY, ""),
        tags.get(layout.ARCHITECTURE, ""),
        result,
        problem,
    )


def _unfinished(run: Run) -> str:
    if run.info.status == "FINISHED":
        return ""
    if run.info.status == "RUNNING":
        return "not all of it was logged; run its command again"
    return run.data.tags.get(layout.REASON, run.info.status.lower())


def read_result(client: MlflowClient, run: Run) -> tuple[RunResult | None, str]:
    """The complete result of a run, verified by its digest; or None, and why."""
    run_id = run.info.run_id
    if RESULT_FILE not in {artifact.path for artifact in client.list_artifacts(run_id)}:
        return None, f"its {RESULT_FILE} is missing"
    with TemporaryDirectory() as folder:
        data = Path(client.download_artifacts(run_id, RESULT_FILE, folder)).read_bytes()
    if digest(data) != run.data.tags.get(layout.DIGEST):
        return None, f"its {RESULT_FILE} is not what was logged"
    try:
        result = RunResult.model_validate_json(data)
    except ValidationError:
        return None, "it was written by another version of ser_platform"
    return (result, "") if result.complete else (None, result.shortfall)
