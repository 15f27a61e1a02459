"""Which versions of a registered model become its champion, in a real registry."""

from dataclasses import replace

import pytest
from mlflow import MlflowClient

from ser_platform.results import RunResult
from ser_platform.tracking import ModelFiles
from ser_platform.tracking.connection import connect
from tests.runs import PROTOCOL, looked_run, run_result
from tests.tracking.looking import new_tracker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OTHER = {**PROTOCOL, "selection": "nested"}


def log_winner(uri: str, files: ModelFiles, number: int, **changes: object) -> None:
    """A study of its own, whose winner that is."""
    run = run_result(number, role="final", study_key=f"{number:016x}", **changes)  # type: ignore[arg-type]
    log_run(uri, files, run)


def log_run(uri: str, files: ModelFiles, run: RunResult) -> None:
    tracker = new_tracker(uri, run.study_key)
    tracker.start()
    tracker.log(run, replace(files, input_example=None))
    assert tracker.finish(timeout_s=300) == 0


def aliases(client: MlflowClient) -> dict[str, str]:
    return {k: str(v) for k, v in client.get_registered_model("ser-iemocap").aliases.items()}


def decisions(client: MlflowClient) -> dict[str, str]:
    """Version -> what was decided for ``champion``."""
    found = client.search_model_versions("name = 'ser-iemocap'")
    return {str(v.version): v.tags["ser.champion"].partition("; ")[0] for v in found}


def test_a_champion_is_followed_only_by_what_is_proven_better_under_its_protocol(
    uri: str, files: ModelFiles
) -> None:
    own, other = (run_result(protocol=p).protocol_id for p in (PROTOCOL, OTHER))
    log_winner(uri, files, 1, right=0.5)
    log_winner(uri, files, 2, right=0.5)
    log_winner(uri, files, 3, right=0.9)
    log_winner(uri, files, 4, right=1.0, protocol=OTHER)
    log_winner(uri, files, 5, right=1.0, scoring=2)
    log_run(uri, files, looked_run(6, role="final", right=1.0, study_key=f"{6:016x}"))
    client = connect(uri)
    assert decisions(client) == {
        "1": "champion: yes, there was none",
        "2": "champion: no, not proven better than version 1: UA +0.0 points, p = 1 over 10 "
        "speakers",
        "3": "champion: yes, better than version 1: UA +40.0 points, p = 0.00195 over 10 speakers",
        "4": f"champion: no, version 3 holds it by another protocol, {own}",
        "5": "champion: no, its test part was scored before (scoring 2)",
        "6": "champion: no, it was selected on test",
    }
    held = {"champion": "3", f"champion-{own}": "3", f"champion-{other}": "4"}
    assert aliases(client) == held
    # An integer from a database, text from a server.
    assert int(client.get_model_version_by_alias("ser-iemocap", "latest").version) == 6

    before = [dict(v) for v in client.search_model_versions("name = 'ser-iemocap'")]
    log_winner(uri, files, 1, right=0.5)
    log_winner(uri, files, 3, right=0.9)
    assert [dict(v) for v in client.search_model_versions("name = 'ser-iemocap'")] == before
    assert aliases(client) == held


def test_what_was_interrupted_before_its_decision_was_written_is_decided_again(
    uri: str, files: ModelFiles
) -> None:
    log_winner(uri, files, 1, right=0.5)
    client = connect(uri)
    client.delete_model_version_tag("ser-iemocap", "1", "ser.champion")
    log_winner(uri, files, 1, right=0.5)
    assert decisions(client) == {"1": "champion: yes, it was set before this was written down"}


def test_a_champion_that_nobody_can_read_stays_and_that_is_said(
    uri: str, files: ModelFiles
) -> None:
    client = connect(uri)
    client.create_registered_model("ser-iemocap")
    client.create_model_version("ser-iemocap", "s3://elsewhere/model")
    client.set_registered_model_alias("ser-iemocap", "champion", "1")
    log_winner(uri, files, 1, right=1.0)
    assert aliases(client)["champion"] == "1"
    found = client.get_model_version("ser-iemocap", "2").tags["ser.champion"]
    assert found.startswith(
        "champion: no, version 1 holds it and cannot be compared: no run of ours is behind it; "
    )
