"""The files of a model in MLflow, fetched; no code that lies among them is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from ser_platform.errors import ModelError
from ser_platform.tracking.connection import OUTAGE, connect, reason
from ser_platform.tracking.uri import absolute, check_uri, sqlite_file


def download_model(model: str, uri: str, folder: Path) -> Path:
    """Fetch a model into a folder; where its files are.

    Args:
        model: ``models:/ser-demo@champion``, ``models:/ser-demo/3``, ``models:/<id>``,
            ``runs:/<run>/<model>``.
        uri: of MLflow.
        folder: an existing one.

    Raises:
        ModelError: when MLflow does not give it.
        TrackingError: for a URI that cannot be MLflow's.
    """
    with _asked(model, uri) as client:
        # By its place: of a name MLflow asks its global URI, which is another one or nobody's.
        place = _place(client, model)
        found = download_artifacts(
            artifact_uri=place, dst_path=str(folder), tracking_uri=absolute(uri)
        )
    return Path(found)


def pinned(model: str, uri: str) -> str:
    """The same model by a name that stays: of an alias the version that it stands for now.

    Raises:
        ModelError, TrackingError: as :func:`download_model`.
    """
    scheme, _, name = model.partition(":/")
    registered, _, alias = name.strip("/").partition("@")
    if scheme != "models" or not alias:
        return model
    with _asked(model, uri) as client:
        version = client.get_model_version_by_alias(registered, alias).version
    return f"models:/{registered}/{version}"


@contextmanager
def _asked(model: str, uri: str) -> Iterator[MlflowClient]:
    """MLflow, asked for a model; what goes wrong is told of that."""
    check_uri(uri)
    file = sqlite_file(uri)
    if file is not None and not file.exists():
        raise ModelError(f"{model}: there is no {file}; name another MLflow with --uri")
    try:
        yield connect(uri)
    except OUTAGE as e:
        raise ModelError(
            f"{model}: MLflow at {uri} does not give it: {reason(e)}; the leaderboard names what "
            "is there"
        ) from e


def _place(client: MlflowClient, model: str) -> str:
    """Where the files of a model lie.

    Raises:
        ModelError: for a name that is none, or of a run without such a model.
        MlflowException: when MLflow does not know it.
    """
    scheme, _, name = model.partition(":/")
    first, _, rest = name.strip("/").partition("/")
    if scheme == "runs":
        return _of_run(client, model, first, rest)
    if scheme != "models" or not first:
        raise ModelError(
            f"{model}: no name of a model; write models:/NAME@champion, models:/NAME/3 or "
            "runs:/RUN/NAME"
        )
    registered, _, alias = first.partition("@")
    if alias:
        version = client.get_model_version_by_alias(registered, alias)
    elif rest:
        version = client.get_model_version(registered, rest)
    else:
        return client.get_logged_model(first).artifact_location
    # Ours are registered by their place, others perhaps by a name.
    source = str(version.source)
    return _place(client, source) if source.startswith(("models:/", "runs:/")) else source


def _of_run(client: MlflowClient, model: str, run_id: str, name: str) -> str:
    run = client.get_run(run_id)
    found = client.search_logged_models(
        [run.info.experiment_id], f"source_run_id = '{run_id}' AND name = '{name}'"
    )
    if not found:
        raise ModelError(f"{model}: this run has no model '{name}'")
    return found[0].artifact_location
