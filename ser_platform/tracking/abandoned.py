"""No run stays RUNNING after the program that wrote it is dead, and none is there twice."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar, get_args

from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.process import lives
from ser_platform.tracking import layout
from ser_platform.tracking.connection import search
from ser_platform.tracking.entries import StudyStatus
from ser_platform.tracking.records import EndRecord

Identity = TypeVar("Identity", bound=Hashable)


def one_of_each(
    client: MlflowClient, runs: Iterable[Run], identity: Callable[[Run], Identity]
) -> dict[Identity, Run]:
    """Runs by what they are of; of several that are the same the one that got furthest.

    A server that is slower than we wait makes a run that we do not hear of, so another is made:
    the one that nobody filled is deleted.
    """
    found: dict[Identity, Run] = {}
    for run in runs:
        other = found.setdefault(identity(run), run)
        if other is not run:
            kept, spare = (other, run) if _further(other) >= _further(run) else (run, other)
            found[identity(run)] = kept
            if _empty(spare):
                client.delete_run(spare.info.run_id)
    return found


def _further(run: Run) -> tuple[bool, bool]:
    return run.info.status == "FINISHED", not _empty(run)


def _empty(run: Run) -> bool:
    """Whether nothing followed its making: what the maker does next has left no trace."""
    untouched = not run.data.metrics and layout.PROCESS not in run.data.tags
    return run.info.status == "RUNNING" and untouched


def end_of(study: Run) -> EndRecord | None:
    """How the run of a study ended; None while it is RUNNING."""
    status, ended_ms = study.info.status, study.info.end_time
    for known in get_args(StudyStatus):
        if status == known and ended_ms:
            return EndRecord(known, ended_ms / 1000)
    return None


def nested_runs(client: MlflowClient, experiment_id: str, study_run: str) -> list[Run]:
    """The runs we wrote into a study; a user's own are left alone."""
    where = f"tags.`{layout.PARENT}` = '{study_run}'"
    found = search(client, experiment_id, where)
    return [run for run in found if layout.RUN_KEY in run.data.tags]


def end_nested(client: MlflowClient, experiment_id: str, study_run: str) -> None:
    """End what an interrupted attempt left half written."""
    for run in nested_runs(client, experiment_id, study_run):
        if run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id, "KILLED")


def end_abandoned_studies(client: MlflowClient, experiment_id: str) -> None:
    """End every study whose program was killed on this host; others' we cannot know."""
    where = f"tags.`{layout.ROLE}` = 'study' AND attributes.status = 'RUNNING'"
    for study in list(search(client, experiment_id, where)):
        if lives(study.data.tags.get(layout.PROCESS, "")) is False:
            end_nested(client, experiment_id, study.info.run_id)
            client.set_terminated(study.info.run_id, "KILLED")
