"""An MLflow database of its own for each test, copied from one that was made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ser_platform.tracking import ModelFiles
from tests.mlflow_server import MlflowServer


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The journal of a server lies in the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture(scope="module")
def server(
    empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MlflowServer]:
    """A server that is down until a test starts it."""
    server = MlflowServer(tmp_path_factory.mktemp("server"), empty_database)
    yield server
    server.kill()


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    save_file({"factor": np.array([3.0])}, tmp_path / "weights.safetensors")
    return ModelFiles(
        name="scaling",
        code=Path(__file__).with_name("scaling_model.py"),
        artifacts={"weights": tmp_path / "weights.safetensors"},
        requirements=("numpy", "safetensors"),
        input_example=np.array([[1.0, 2.0]]),
    )
