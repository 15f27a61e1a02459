"""The winner's model in MLflow: loads where unpickling is refused."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ser_platform.tracking import ModelFiles
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
    uri: str, files: ModelFiles, tmp_path: Path
) -> None:
    log_with_model(uri, files)
    log_with_model(uri, files)
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
