"""A model is fetched from MLflow by each of its names; nothing of it is run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

import ser_platform
from ser_platform import inference
from ser_platform.errors import ModelError, TrackingError
from ser_platform.inference.predictor import Predictor
from ser_platform.predict.fetch import model_folder
from ser_platform.tracking import ModelFiles
from ser_platform.tracking.download import pinned
from tests.runs import run_result
from tests.tracking.looking import new_tracker, see

pytestmark = pytest.mark.slow

WISE = Path(__file__).parents[1] / "inference" / "formats" / "5" / "wise"


@pytest.fixture(scope="module")
def uri(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with a run that has the stored model."""
    folder = tmp_path_factory.mktemp("mlflow-with-model")
    with pytest.MonkeyPatch.context() as patch:
        # Where the journal lies, and where MLflow would look for a database that nobody named.
        (folder / "elsewhere").mkdir()
        patch.chdir(folder / "elsewhere")
        yield _logged(folder, empty_database)


def _logged(folder: Path, empty_database: Path) -> str:
    shutil.copy(empty_database, folder / "known.db")
    uri = f"sqlite:///{folder / 'known.db'}"
    artifact = folder / "0123456789abcdef"
    shutil.copytree(WISE, artifact)
    files = ModelFiles(
        name="wise",
        code=Path(inference.__file__).with_name("mlflow_code.py"),
        artifacts={"model": artifact},
        requirements=("torch",),
        packages=(Path(ser_platform.__file__).parent,),
    )
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(1, role="final"), files)
    assert tracker.finish() == 0
    return uri


def test_a_model_is_there_by_its_id_by_its_run_and_by_its_name(uri: str) -> None:
    seen = see(uri)
    (run,) = seen.nested.values()
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    client: MlflowClient = seen.client
    client.create_registered_model("ser-x")
    place = client.get_logged_model(output.model_id).artifact_location
    version = client.create_model_version(
        "ser-x", place, run.info.run_id, model_id=output.model_id
    )
    client.set_registered_model_alias("ser-x", "champion", version.version)
    there = Predictor.load(WISE).saved
    for name in (
        f"models:/{output.model_id}",
        f"runs:/{run.info.run_id}/wise",
        "models:/ser-x@champion",
        f"models:/ser-x/{version.version}",
    ):
        with model_folder(name, uri) as folder:
            found = Predictor.load(folder).saved
        assert found.phonemes == there.phonemes
        assert found.experiment == there.experiment
        pin = f"models:/ser-x/{version.version}" if "@" in name else name
        assert pinned(name, uri) == pin


@pytest.mark.parametrize(
    "name", ["models:/nobody@champion", "models:/m-0123", "runs:/0123456789abcdef/wise"]
)
def test_what_mlflow_does_not_have_is_said(uri: str, name: str) -> None:
    with pytest.raises(ModelError) as caught, model_folder(name, uri):
        pass
    assert str(caught.value).startswith(f"{name}: MLflow at {uri} does not give it: ")


def test_an_alias_of_nobody_stands_for_nothing(uri: str) -> None:
    with pytest.raises(ModelError, match="does not give it"):
        pinned("models:/nobody@champion", uri)
    assert pinned("runs/model", uri) == "runs/model"


def test_what_cannot_be_mlflow_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database")
    with pytest.raises(TrackingError), model_folder("models:/x/1", f"sqlite:///{tmp_path}/x.db"):
        pass
