"""Which version of a registered model is its champion.

``champion`` stays until a version of the same protocol is better by the paired permutation test;
``champion-<protocol id>`` is the same for each protocol. A version answers for itself: what is
compared is read from the runs behind the versions, and verified.
"""

import logging
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from ser_platform.errors import ResultError
from ser_platform.evidence.answers import answers
from ser_platform.evidence.paired import paired
from ser_platform.results import RunResult
from ser_platform.tracking.read import read_result

_log = logging.getLogger(__name__)

CHAMPION = "champion"
DECISION = "ser.champion"
"""Tag of a version: whether it became champion when it was registered, and why."""
_LEVEL = 0.05


class Verdict(NamedTuple):
    """Whether a version takes an alias, and the reason."""

    wins: bool
    why: str


def contest(client: MlflowClient, version: ModelVersion, run: RunResult) -> None:
    """Let a new version compete for both aliases, once; its tag says how that ended.

    Aliases are set before the tag, so one that is interrupted is decided again.
    """
    if DECISION in version.tags:
        return
    aliases = (CHAMPION, f"{CHAMPION}-{run.protocol_id}")
    outcome = "; ".join(f"{alias}: {_compete(client, version, run, alias)}" for alias in aliases)
    _log.info("model %s version %s: %s", version.name, version.version, outcome)
    client.set_model_version_tag(version.name, version.version, DECISION, outcome)


def _compete(client: MlflowClient, version: ModelVersion, run: RunResult, alias: str) -> str:
    """Decide until nobody else took the alias meanwhile; the reason.

    MLflow sets an alias without a condition, so between the second look and the setting there are
    some milliseconds in which another study's version can be passed over.
    """
    while True:
        holder = _holder(client, version.name, alias)
        verdict = _verdict(client, version, run, holder)
        if not verdict.wins:
            return f"no, {verdict.why}"
        if _number(_holder(client, version.name, alias)) == _number(holder):
            client.set_registered_model_alias(version.name, alias, version.version)
            return f"yes, {verdict.why}"


def _verdict(
    client: MlflowClient, version: ModelVersion, run: RunResult, holder: ModelVersion | None
) -> Verdict:
    if run.selected_on_test:
        return Verdict(False, "it was selected on test")
    if run.scoring > 1:
        return Verdict(False, f"its test part was scored before (scoring {run.scoring})")
    if holder is None:
        return Verdict(True, "there was none")
    if _number(holder) == _number(version):
        return Verdict(True, "it was set before this was written down")
    held_by, problem = None, "no run of ours is behind it"
    if holder.run_id:
        held_by, problem = read_result(client, client.get_run(holder.run_id))
    if held_by is None:
        return Verdict(
            False, f"version {holder.version} holds it and cannot be compared: {problem}"
        )
    if held_by.protocol_id != run.protocol_id:
        return Verdict(
            False, f"version {holder.version} holds it by another protocol, {held_by.protocol_id}"
        )
    return _compare(run, held_by, f"version {holder.version}")


def _compare(run: RunResult, held_by: RunResult, holder: str) -> Verdict:
    try:
        test = paired(answers([run]), answers([held_by]))
    except ResultError as e:
        return Verdict(False, f"{holder} holds it: {e}")
    difference, p = 100 * test.differences["ua"].value, test.p_values["ua"]
    figures = f"UA {difference:+.1f} points, p = {p:.3g} over {test.clusters} {test.clustered_by}s"
    if difference > 0 and p < _LEVEL:
        return Verdict(True, f"better than {holder}: {figures}")
    return Verdict(False, f"not proven better than {holder}: {figures}")


def _holder(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    number = client.get_registered_model(name).aliases.get(alias)
    return None if number is None else client.get_model_version(name, number)


def _number(version: ModelVersion | None) -> str:
    return "" if version is None else str(version.version)
