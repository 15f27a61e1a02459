"""A model in MLflow: code and files, so that it loads with unpickling refused."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model
from mlflow.models.model import MLMODEL_FILE_NAME
from mlflow.pyfunc import save_model
from mlflow.types import ColSpec, Schema, TensorSpec

from ser_platform.tracking.entries import ModelFiles

CARD = "model_card.md"
_OPTIONAL = frozenset({"words"})
"""Columns of an input that may be left out: of most recordings nobody knows the words in time."""


def log_model(
    client: MlflowClient, run_id: str, files: ModelFiles, card: Callable[[], str]
) -> LoggedModel:
    """Log a model as an output of a run, once; it loads as ``models:/<its id>``.

    The card lies among its files; it is asked for only when they are written.

    ``mlflow.pyfunc.log_model`` does the same through MLflow's global URI and active run.
    """
    run = client.get_run(run_id)
    experiment_id = run.info.experiment_id
    model = _known(client, experiment_id, run_id, files.name)
    if model is None:
        model = client.create_logged_model(experiment_id, files.name, source_run_id=run_id)
    if model.status != LoggedModelStatus.READY:
        _upload(client, run_id, model, files, card())
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    outputs = run.outputs.model_outputs if run.outputs is not None else []
    if model.model_id not in {output.model_id for output in outputs}:
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model


def _known(client: MlflowClient, experiment_id: str, run_id: str, name: str) -> LoggedModel | None:
    found = client.search_logged_models(
        [experiment_id], f"source_run_id = '{run_id}' AND name = '{name}'"
    )
    return found[0] if found else None


def _upload(
    client: MlflowClient, run_id: str, model: LoggedModel, files: ModelFiles, card: str
) -> None:
    with TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        about = Model(
            artifact_path=model.artifact_location,
            run_id=run_id,
            model_uuid=model.model_id,
            model_id=model.model_id,
        )
        save_model(
            saved,
            python_model=str(files.code),
            artifacts={name: str(path) for name, path in files.artifacts.items()},
            pip_requirements=list(files.requirements),
            code_paths=[str(path) for path in files.packages] or None,
            input_example=files.input_example,
            mlflow_model=about,
        )
        _let_out(about)
        about.save(str(saved / MLMODEL_FILE_NAME))
        (saved / CARD).write_text(card, encoding="utf-8")
        client.log_model_artifacts(model.model_id, str(saved))


def _let_out(about: Model) -> None:
    """Make optional what may be left out: read off an example, a signature wants every column."""
    signature = about.signature
    if signature is not None and signature.inputs is not None:
        signature.inputs = Schema([_as_wanted(spec) for spec in signature.inputs.inputs])


def _as_wanted(spec: ColSpec | TensorSpec) -> ColSpec | TensorSpec:
    if isinstance(spec, ColSpec) and spec.name in _OPTIONAL:
        return ColSpec(spec.type, spec.name, required=False)
    return spec
