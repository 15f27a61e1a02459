"""What MLflow holds, as tests ask for it."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.config.schema import TrackingConfig
from ser_platform.results import RunResult
from ser_platform.tracking import Tracker
from ser_platform.tracking.connection import connect, search
from ser_platform.tracking.entries import StudyStatus
from ser_platform.tracking.uri import sqlite_file
from tests.runs import FINISHED_AT, STUDY_KEY, study_info

EXPERIMENT = TrackingConfig().experiment
OPENED_AT = FINISHED_AT - 100


class Seen(NamedTuple):
    """A study as MLflow has it."""

    client: MlflowClient
    study: Run
    nested: dict[str, Run]
    """By name."""

    def history(self, name: str, metric: str) -> list[tuple[int, float]]:
        """Steps and values of one metric of a nested run."""
        points = self.client.get_metric_history(self.nested[name].info.run_id, metric)
        return [(point.step, point.value) for point in points]


def logged_runs(uri: str, study_key: str) -> list[Run]:
    """The run of a study and those nested in it, as far as they are there."""
    client = connect(uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    return list(search(client, experiment.experiment_id, f"tags.`ser.study_key` = '{study_key}'"))


def see(uri: str, study_key: str = STUDY_KEY) -> Seen:
    """The one run of a study and those nested in it; fails when there are several of a kind."""
    runs = logged_runs(uri, study_key)
    (study,) = [run for run in runs if run.data.tags["ser.role"] == "study"]
    nested = [run for run in runs if run is not study]
    assert {run.data.tags["mlflow.parentRunId"] for run in nested} <= {study.info.run_id}
    names = [run.info.run_name or "" for run in nested]
    assert len(set(names)) == len(names), f"logged twice: {sorted(names)}"
    return Seen(connect(uri), study, dict(zip(names, nested, strict=True)))


def log(uri: str, *runs: RunResult, status: StudyStatus = "FINISHED") -> int:
    """A whole study: these results, in this order; the number that did not arrive."""
    tracker = new_tracker(uri, architectures=tuple({run.architecture for run in runs}))
    tracker.start()
    for run in runs:
        tracker.log(run)
    return tracker.finish(status, timeout_s=100)


def new_tracker(
    uri: str,
    study_key: str = STUDY_KEY,
    architectures: tuple[str, ...] = ("wise",),
    journal: Path | None = None,
) -> Tracker:
    """A tracker whose journal lies beside the database; of a server, in the current folder."""
    file = sqlite_file(uri)
    if journal is None:
        journal = Path("journal") if file is None else file.with_name("journal")
    info = replace(study_info(study_key), architectures=architectures, opened_at=OPENED_AT)
    return Tracker(TrackingConfig(uri=uri, journal=str(journal)), info)


def wait_until(happened: Callable[[], bool], patience_s: float = 100) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def as_logged(uri: str, study_key: str = STUDY_KEY) -> dict[str, Any]:
    """All that a reader of MLflow can see of a study, with names in the place of ids.

    Equal for two studies that were logged alike, but for what MLflow itself makes up.
    """
    seen = see(uri, study_key)
    runs = {"study": seen.study, **seen.nested}
    names = {run.info.run_id: f"<{name}>" for name, run in runs.items()}
    for name, run in runs.items():
        for output in run.outputs.model_outputs if run.outputs else ():
            names[output.model_id] = f"<model of {name}>"
    return {name: _plain(_of_run(seen.client, run), names) for name, run in runs.items()}


def _of_run(client: MlflowClient, run: Run) -> dict[str, Any]:
    ignored = {"ser.process", "ser.study_key", "mlflow.user"}
    return {
        "status": run.info.status,
        "started": run.info.start_time,
        "ended": run.info.end_time if "ser.run_key" in run.data.tags else None,
        "params": run.data.params,
        "tags": {name: value for name, value in run.data.tags.items() if name not in ignored},
        "metrics": {name: _history(client, run, name) for name in run.data.metrics},
        "artifacts": _artifacts(client, run.info.run_id),
        "models": [
            sorted(artifact.path for artifact in client.list_logged_model_artifacts(o.model_id))
            for o in (run.outputs.model_outputs if run.outputs else ())
        ],
        "versions": [
            (str(v.version), v.tags, sorted(v.aliases), v.description)
            for v in client.search_model_versions(f"run_id = '{run.info.run_id}'")
        ],
    }


def _history(client: MlflowClient, run: Run, name: str) -> list[tuple[int, float, int]]:
    points = client.get_metric_history(run.info.run_id, name)
    return sorted((point.step, point.value, point.timestamp) for point in points)


def _artifacts(client: MlflowClient, run_id: str, folder: str = "") -> dict[str, str]:
    """Path -> digest of what is there; pictures of equal data are equal."""
    with TemporaryDirectory() as place:
        files = Path(client.download_artifacts(run_id, folder, place))
        return {
            path.relative_to(files).as_posix(): hashlib.sha256(
                path.read_bytes().replace(run_id.encode(), b"")
            ).hexdigest()
            for path in sorted(files.rglob("*"))
            if path.is_file()
        }


def _plain(found: Any, names: dict[str, str]) -> Any:
    text = json.dumps(found, sort_keys=True)
    for identity, name in names.items():
        text = text.replace(identity, name)
    return json.loads(text)
