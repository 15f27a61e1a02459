"""No run stays RUNNING after the program that wrote it is dead."""

from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.tracking import layout
from ser_platform.tracking.connection import search
from ser_platform.tracking.process import lives


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
