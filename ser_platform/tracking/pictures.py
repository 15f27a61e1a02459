"""Reading back the pictures of what runs attend to."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient

from ser_platform.errors import TrackingError
from ser_platform.tracking.connection import OUTAGE, connect, reason

FOLDER = "attention"
"""Of a run's artifacts."""


def read_pictures(uri: str, run_ids: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """PNGs by run id and name (``ang-right.png``); a run without any is not there.

    Raises:
        TrackingError: when MLflow does not give them.
    """
    wanted = list(run_ids)
    if not wanted:
        return {}  # to connect would make a database where there is none
    try:
        client = connect(uri)
        found = {run_id: _of_run(client, run_id) for run_id in wanted}
    except OUTAGE as e:
        raise TrackingError(
            f"MLflow at {uri}: {reason(e)}. Start it, or write the page without pictures"
        ) from e
    return {run_id: pictures for run_id, pictures in found.items() if pictures}


def _of_run(client: MlflowClient, run_id: str) -> dict[str, bytes]:
    listed = client.list_artifacts(run_id, FOLDER)
    if not listed:
        return {}
    with TemporaryDirectory(prefix="ser-pictures-") as folder:
        files = Path(client.download_artifacts(run_id, FOLDER, folder))
        return {path.name: path.read_bytes() for path in sorted(files.glob("*.png"))}
