"""The winner's model in MLflow: loads where unpickling is refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from picklescan.scanner import scan_directory_path

from ser_platform import inference
from ser_platform.config.schema import Experiment
from ser_platform.emotions import EMOTIONS
from ser_platform.features.embeddings import WordVectors
from ser_platform.inference.words_json import words_to_json
from ser_platform.tracking import ModelFiles
from tests.inference.formats.input import SAID, write_recording
from tests.inference.formats.make import SMALL, drawn, save
from tests.runs import run_result
from tests.tracking.looking import new_tracker, see

pytestmark = pytest.mark.slow

LOAD_AND_PREDICT = """
import sys, mlflow, numpy as np
mlflow.set_tracking_uri(sys.argv[1])
for address in sys.argv[2:]:
    model = mlflow.pyfunc.load_model(address)
    print(model.predict(np.array([[1.0, 2.0]])).tolist())
"""


def log_with_model(uri: str, files: ModelFiles) -> None:
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(1, role="final"), files)
    assert tracker.finish() == 0


def test_a_model_is_logged_once_and_predicts_with_pickle_refused(
    uri: str, files: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    log_with_model(uri, files)
    log_with_model(uri, files)
    # MLflow asks its global URI, a database in the working directory, for what we do not name.
    assert list((tmp_path / "elsewhere").iterdir()) == []
    seen = see(uri)
    outputs = seen.nested["wise final"].outputs
    assert outputs is not None
    (output,) = outputs.model_outputs
    model = seen.client.get_logged_model(output.model_id)
    assert (model.name, str(model.status)) == ("scaling", "READY")
    saved = list(tmp_path.rglob("MLmodel"))
    assert len(saved) == 1
    assert "signature" in saved[0].read_text()
    assert not list(tmp_path.rglob("*.pkl"))
    environment = {**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}  # noqa: TID251
    addresses = [f"models:/{model.model_id}", f"runs:/{model.source_run_id}/scaling"]
    command = [sys.executable, "-c", LOAD_AND_PREDICT, uri, *addresses]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == 2 * ["[[3.0, 6.0]]"]


def test_a_model_half_uploaded_is_finished_and_not_made_again(
    uri: str, files: ModelFiles, tmp_path: Path
) -> None:
    log_with_model(uri, files)
    run = see(uri).nested["wise final"]
    client = see(uri).client
    half_uploaded = client.create_logged_model(
        run.info.experiment_id, "other", source_run_id=run.info.run_id
    )
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    other = replace(files, name="other", packages=(tmp_path / "parts",), input_example=None)
    log_with_model(uri, other)
    found = client.search_logged_models(
        [run.info.experiment_id], f"source_run_id = '{run.info.run_id}'"
    )
    assert {(m.name, m.model_id, str(m.status)) for m in found if m.name == "other"} == {
        ("other", half_uploaded.model_id, "READY")
    }
    assert (Path(half_uploaded.artifact_location.removeprefix("file://")) / "code/parts").is_dir()


ASKED_BOTH_WAYS = """
print(model.predict(pandas.DataFrame({"file": ["clip.wav"]})).to_json())
print(model.predict(pandas.DataFrame({"file": ["clip.wav"], "words": [""]})).to_json())
print(model.predict(pandas.DataFrame({"file": 2 * ["clip.wav"], "words": ["[]", None]})).to_json())
"""
HEARING = {
    "features": {"kind": "mfcc39"},
    "model": {"kind": "wise", **SMALL["wise"], "modality": "audio"},
}


def emotion_files(model: Path, words: str) -> ModelFiles:
    """As a study packs them."""
    return ModelFiles(
        name="wise",
        code=Path(inference.__file__).with_name("mlflow_code.py"),
        packages=(Path(inference.__file__).parents[1],),
        artifacts={"model": model},
        requirements=("torch",),
        input_example=pd.DataFrame({"file": ["clip.wav"], "words": [words]}),
    )


def audio_only(folder: Path) -> Path:
    """A network that nobody trained."""
    folder.mkdir()
    vectors = WordVectors(("then", "well"), np.eye(2, 5, dtype=np.float32), (), {})
    file = {"name": "heard", "corpus": {"kind": "demo"}, **HEARING}
    experiment = Experiment.model_validate(file)
    save(folder, experiment, [drawn(experiment, vectors)], vectors)
    return folder


# MLflow 3.17 compares names of columns in a way that pandas 4 announces to drop.
@pytest.mark.filterwarnings("ignore:Operation with range is deprecated")
@pytest.mark.parametrize("kind", ["words", "audio"])
def test_the_snippet_of_the_card_works_as_it_is_written(
    kind: str, uri: str, tmp_path: Path
) -> None:
    write_recording(tmp_path / "clip.wav")
    stored = Path(__file__).parents[1] / "inference/formats/5/wise"
    model = stored if kind == "words" else audio_only(tmp_path / "audio")
    log_with_model(uri, emotion_files(model, words_to_json(SAID)))
    run_id = see(uri).nested["wise final"].info.run_id
    card = see(uri).client.download_artifacts(run_id, "model_card.md", str(tmp_path))
    snippet = Path(card).read_text().split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", snippet + ASKED_BOTH_WAYS],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri},  # noqa: TID251
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    alone, empty, several = map(json.loads, done.stdout.splitlines())
    assert set(alone) == {"label", *EMOTIONS}
    assert alone == empty
    assert several["label"] == {"0": alone["label"]["0"], "1": alone["label"]["0"]}


PICKLED = """
import os, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
place = mlflow.create_experiment("evil", artifact_location=os.getcwd() + "/artifacts")
mlflow.set_experiment(experiment_id=place)
class Evil(mlflow.pyfunc.PythonModel):
    def __reduce__(self):
        return os.system, (f"touch {sys.argv[2]}",)
    def predict(self, context, model_input, params=None):
        return model_input
mlflow.pyfunc.log_model(name="evil", python_model=Evil(), registered_model_name="evil")
"""
LOAD = """
import sys
import ser_platform.tracking
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.pyfunc.load_model("models:/evil/1")
"""


def test_a_pickled_model_that_somebody_registered_is_not_run(uri: str, tmp_path: Path) -> None:
    """Not even where the user's environment allows it (S4)."""
    marker = tmp_path / "marker"
    allowed = {**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true"}  # noqa: TID251
    command = [sys.executable, "-c", PICKLED, uri, str(marker)]
    subprocess.run(command, env=allowed, cwd=tmp_path, capture_output=True, check=True)
    assert scan_directory_path(str(tmp_path)).infected_files == 1
    marker.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, uri],
        env=allowed,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "MLFLOW_ALLOW_PICKLE_DESERIALIZATION" in done.stderr
    assert not marker.exists()
