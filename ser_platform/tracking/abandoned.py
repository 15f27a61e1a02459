"""No run stays RUNNING after the program that wrote it is dead."""

import os
import platform

import psutil
from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.tracking import layout
from ser_platform.tracking.connection import search

_CLOCK_STEP_S = 5.0
"""A process's start moves by this much when the machine's clock is set."""


def this_process() -> str:
    """Host, number and start of this process, as a tag."""
    return f"{platform.node()} {os.getpid()} {psutil.Process().create_time():.0f}"


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
        if _is_dead(study.data.tags.get(layout.PROCESS, "")):
            end_nested(client, experiment_id, study.info.run_id)
            client.set_terminated(study.info.run_id, "KILLED")


def _is_dead(process: str) -> bool:
    host, _, identity = process.partition(" ")
    if host != platform.node():
        return False
    number, _, started_s = identity.partition(" ")
    try:
        current_s = psutil.Process(int(number)).create_time()
    except psutil.NoSuchProcess:
        return True
    return abs(current_s - float(started_s)) > _CLOCK_STEP_S
