"""From what a person calls a model to the folder that it lies in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ser_platform.errors import ModelError
from ser_platform.inference.folder import SETTING


@contextmanager
def model_folder(model: str, uri: str) -> Iterator[Path]:
    """The folder of a model, for as long as the block runs.

    Of what MLflow has only files are fetched; no code that lies among them is run.

    Args:
        model: ``models:/ser-demo@champion``, ``models:/ser-demo/3``, ``runs:/<run>/<model>``, a
            model folder, or one that MLflow saved.
        uri: of MLflow.

    Raises:
        ModelError: when there is no such model.
        TrackingError: for a ``uri`` that cannot be MLflow's.
    """
    if ":/" not in model:
        yield _inside(Path(model).expanduser(), model)
        return
    # Only now: MLflow takes seconds to load.
    from ser_platform.tracking.download import download_model

    with TemporaryDirectory(prefix="ser-model-") as folder:
        yield _inside(download_model(model, uri, Path(folder)), model)


def _inside(folder: Path, model: str) -> Path:
    """The model folder in a folder: itself, or among what MLflow saved with it."""
    if (folder / SETTING).is_file():
        return folder
    found = sorted(path.parent for path in folder.glob(f"artifacts/*/{SETTING}"))
    if len(found) == 1:
        return found[0]
    if not folder.exists():
        near = " (an MLflow model is written models:/NAME@champion)" if "@" in model else ""
        raise ModelError(f"{model}: no such folder{near}")
    raise ModelError(
        f"{model}: no model: neither {SETTING} nor artifacts/*/{SETTING} is in it; give a folder "
        "that `train` or MLflow saved, or models:/NAME@champion"
    )
