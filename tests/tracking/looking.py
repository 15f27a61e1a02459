"""What MLflow holds, as tests ask for it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.config.schema import TrackingConfig
from ser_platform.results import RunResult
from ser_platform.tracking import Tracker
from ser_platform.tracking.connection import connect, search
from ser_platform.tracking.entries import StudyStatus
from tests.runs import STUDY_KEY, study_info

EXPERIMENT = TrackingConfig().experiment


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
    return tracker.finish(status)


def new_tracker(
    uri: str, study_key: str = STUDY_KEY, architectures: tuple[str, ...] = ("wise",)
) -> Tracker:
    info = replace(study_info(study_key), architectures=architectures)
    return Tracker(TrackingConfig(uri=uri), info)


def wait_until(happened: Callable[[], bool], patience_s: float = 30) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
