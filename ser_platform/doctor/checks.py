"""The checks in the order of the report: what others stand on first."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import gettempdir

from ser_platform.config.schema import ExperimentFile
from ser_platform.doctor import machine, services
from ser_platform.doctor.finding import Finding, examine
from ser_platform.doctor.upload import upload
from ser_platform.storage import open_store
from ser_platform.tracking.uri import sqlite_file


def examined(file: ExperimentFile, *, quick: bool = False) -> Iterator[Finding]:
    """Every line of the report, as soon as it is known.

    Args:
        file: what a study would use.
        quick: leave out what takes seconds: Ray is not started.
    """
    checks = {
        "packages": machine.packages,
        "gpu": machine.gpus,
        "memory": machine.memory,
        "disk": partial(machine.disk, _folders(file)),
        "front end": machine.front_ends,
        "corpus": partial(services.corpus, file),
        "embedding": partial(services.embedding, file.embedding),
        "store": partial(_store, file),
        "mlflow": partial(services.mlflow, file.tracking),
        "optuna": partial(services.study_storage, file.study.storage),
        "upload": partial(upload, Path.cwd()),
        "ray": partial(services.ray, file),
    }
    if quick:
        del checks["ray"]
    for name, check in checks.items():
        yield from examine(name, check)
    if quick:
        yield Finding("ray", "skipped", "--quick: not started")


def _store(file: ExperimentFile) -> Iterator[Finding]:
    # Without copies: the store itself is asked.
    yield from services.store(open_store(file.store))


def _folders(file: ExperimentFile) -> dict[str, Path]:
    """What is written on this machine, by purpose."""
    folders = {"Ray's objects that leave memory": Path(gettempdir())}
    if "://" not in file.store:
        folders["results and features"] = Path(file.store).expanduser().absolute()
    else:
        folders["copies of features"] = Path(file.cache.folder).expanduser().absolute()
    if file.cluster.scratch:
        scratch = Path(file.cluster.scratch).expanduser().absolute()
        folders["frames that memory does not hold"] = scratch
    database = sqlite_file(file.tracking.uri)
    if database is not None:
        folders["MLflow"] = database.parent
    return folders
