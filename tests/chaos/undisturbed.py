"""The same study at the same seed, where nothing breaks: what a disturbed one is held to."""

from collections.abc import Mapping
from pathlib import Path

from ser_platform.storage import open_store
from tests.chaos.found import Found
from tests.chaos.gather import gather, optuna_of
from tests.chaos.world import GIVES_UP_S, PATIENCE, TOO_BUSY
from tests.slow.platform import Platform

_MOST_AGAIN = 12


def undisturbed(folder: Path, settings: Mapping[str, object]) -> Found:
    """Run it in a folder, with a store of files and MLflow's SQLite there.

    Raises:
        AssertionError: when it fails; only a Ray that does not start is tried again.
    """
    folder.mkdir()
    platform = Platform(folder, PATIENCE)
    file = platform.write(dict(settings), "chaos.yaml")
    code, output = _run(platform, file)
    for _ in range(_MOST_AGAIN):
        if TOO_BUSY in output:
            code, output = _run(platform, file)
    (folder / "run.log").write_text(output)
    assert code == 0, output[-3_000:]
    store = open_store(str(folder / ".ser" / "store"))
    return gather(store, optuna_of(folder), f"sqlite:///{folder}/.ser/mlflow.db")


def _run(platform: Platform, file: str) -> tuple[int, str]:
    with platform.start("tune", file) as process:
        output, _ = process.communicate(timeout=GIVES_UP_S)
    return process.returncode, output
