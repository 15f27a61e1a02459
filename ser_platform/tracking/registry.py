"""Winners of studies as versions of a registered model."""

import json
import re

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

from ser_platform.cards.words import in_words
from ser_platform.results import RunResult
from ser_platform.tracking import layout
from ser_platform.tracking.proof import Final

_TAKEN = ErrorCode.Name(RESOURCE_ALREADY_EXISTS)


def registered_name(given: str, run: RunResult) -> str:
    """``tracking.registered_model`` as it is given, or ``ser-<corpus>``.

    What MLflow refuses in a name (``/``, ``:``) or a shell would split becomes ``-``.
    """
    corpus = re.sub(r"[^\w.]+", "-", in_words(run.protocol.get("corpus", ""))).strip("-.")
    return given or "-".join(filter(None, ["ser", corpus]))


def find_version(client: MlflowClient, name: str, model: LoggedModel) -> ModelVersion | None:
    """The version that was made of a logged model, if there is one."""
    where = f"name = '{name}' AND run_id = '{model.source_run_id}'"
    of_run = client.search_model_versions(where)
    return next((v for v in of_run if v.source == model.artifact_location), None)


def register(
    client: MlflowClient, name: str, model: LoggedModel, final: Final, card: str
) -> ModelVersion:
    """Make a version of a logged model; the registered model too where there is none."""
    try:
        client.create_registered_model(name)
    except MlflowException as e:
        if e.error_code != _TAKEN:
            raise
    return client.create_model_version(
        name,
        # By its place: a client of SQLite looks for models:/<id> in MLflow's global URI.
        model.artifact_location,
        model.source_run_id,
        _tags(final),
        description=card,
        model_id=model.model_id,
    )


def _tags(final: Final) -> dict[str, str]:
    """What tells versions apart, and their scores with intervals."""
    run = final.run
    scores = {
        f"ser.test_{name}": f"{value:.1%} [{low:.1%}, {high:.1%}]"
        for name, (value, low, high) in final.evidence.pooled.items()
    }
    return {
        layout.PROTOCOL_ID: run.protocol_id,
        layout.RUN_KEY: run.run_key,
        layout.SIGNATURE: run.signature,
        layout.ARCHITECTURE: run.architecture,
        layout.STUDY: run.study,
        layout.SYNTHETIC: json.dumps(run.synthetic),
        layout.SELECTED_ON_TEST: json.dumps(run.selected_on_test),
        layout.SCORING: str(run.scoring),
        **scores,
    }
