"""What a study talks to: the store and its clock, MLflow, Optuna's database, Ray, the corpus."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.config.inputs import EmbeddingConfig, Glove50Config
from ser_platform.config.schema import ExperimentFile, TrackingConfig
from ser_platform.config.secrets import without_password
from ser_platform.doctor.finding import Finding
from ser_platform.errors import ConfigError, CorpusError, StoreError, TrackingError
from ser_platform.features.vector_files import read_glove50
from ser_platform.storage.base import ObjectStore

_SKEW_TOLD_S, _SKEW_REFUSED_S = 60.0, 900.0
"""Amazon's S3 refuses requests that are a quarter of an hour off."""
FOLDER = "doctor/"
"""In the store, for an object that is there for a moment."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def store(opened: ObjectStore) -> Iterator[Finding]:
    """Whether it takes, lists, gives back and deletes an object; and what its clock says."""
    key, written = f"{FOLDER}{uuid4().hex}", uuid4().bytes
    began, at_s = time.monotonic(), time.time()
    if not opened.create(key, written):
        raise StoreError(f"{opened.url}: says that a new key is taken; give another store")
    try:
        entry = next(opened.entries(key), None)
        if entry is None or opened.read(key) != written:
            raise StoreError(
                f"{opened.url}: does not give back what was written; give another store"
            )
        twice = opened.create(key, written)
    finally:
        opened.delete(key)
    took_ms = 1000 * (time.monotonic() - began)
    says = f"{opened.url}: create, list, read, delete in {took_ms:.0f} ms"
    if twice:
        remedy = (
            "results stay right, but work may be done twice; prefer a server with If-None-Match"
        )
        yield Finding("store", "warning", f"{says}; creates what is there already", remedy)
    else:
        yield Finding("store", "ok", says)
    yield _clock(entry.modified_s - at_s, opened.url)


def _clock(skew_s: float, url: str) -> Finding:
    says = f"{abs(skew_s):.0f} s from that of {url}"
    remedy = "let this machine's clock be set: timedatectl set-ntp true"
    if abs(skew_s) > _SKEW_REFUSED_S:
        return Finding("clock", "failed", says, remedy)
    if abs(skew_s) > _SKEW_TOLD_S:
        return Finding("clock", "warning", says, remedy)
    return Finding("clock", "ok", says)


def mlflow(config: TrackingConfig) -> Iterator[Finding]:
    """Whether MLflow answers, or its file can be made; and where its artifacts go."""
    from ser_platform.tracking.connection import OUTAGE, connect, reason
    from ser_platform.tracking.uri import check_uri, sqlite_file

    check_uri(config.uri)
    file = sqlite_file(config.uri)
    if file is not None and not file.exists():
        yield Finding("mlflow", "ok", f"{file} will be made by the first study")
        return
    try:
        client = connect(config.uri)
        found = client.get_experiment_by_name(config.experiment)
    except OUTAGE as e:
        remedy = (
            "start it; a study runs without it and logs later"
            if file is None
            else "mend or move the file (`mlflow db upgrade` for one of an older MLflow)"
        )
        raise TrackingError(f"{config.uri} does not answer: {reason(e)}; {remedy}") from e
    if found is None:
        yield Finding("mlflow", "ok", f"{config.uri} answers; no experiment yet")
        return
    yield _artifacts(config.uri, found.artifact_location)


def _artifacts(uri: str, place: str) -> Finding:
    says = f"{uri} answers; artifacts in {place}"
    host = urlsplit(uri).hostname
    is_folder = urlsplit(place).scheme in ("", "file")
    if host is not None and host not in _LOOPBACK and is_folder:
        return Finding(
            "mlflow",
            "failed",
            f"{says}, a folder of {host} that this machine cannot write",
            "start the server with --artifacts-destination, and take a new experiment",
        )
    return Finding("mlflow", "ok", says)


def study_storage(url: str) -> Iterator[Finding]:
    """Whether Optuna's database answers, or its file can be made."""
    from sqlalchemy import create_engine, text

    from ser_platform.tune.storage import UNUSABLE, engine_settings, parsed_url, why

    shown = without_password(url)
    try:
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
            yield Finding("optuna", "ok", f"{shown} will be made by the first study")
            return
        engine = create_engine(parsed, **engine_settings(parsed))
        with closing(engine.connect()) as connection:
            connection.execute(text("SELECT 1"))
        engine.dispose()
    except UNUSABLE as e:
        raise ConfigError(
            f"study.storage: '{shown}' does not answer: {why(e)}; start the database, or give "
            "another such as sqlite:///.ser/optuna.db"
        ) from e
    yield Finding("optuna", "ok", f"{shown} answers")


def ray(file: ExperimentFile) -> Iterator[Finding]:
    """Whether a cluster is joined or starts here, runs a task, and holds a worker group."""
    from ser_platform.runtime.connection import cluster
    from ser_platform.runtime.nodes import groups_that_fit, live_nodes, worker_groups
    from ser_platform.runtime.tasks import spread
    from ser_platform.train.waiting import asked

    with cluster() as joined:
        # Of no CPU: a head has none to give, and nodes that come for it cost something.
        (answer,) = spread(_add_one, [1], cpus=0)
        nodes = live_nodes().values()
        total = {name: sum(n.get(name, 0) for n in nodes) for name in ("CPU", "GPU")}
        where = "joined" if joined else "starts on this machine"
        says = f"{where}: {len(nodes)} node(s), {total['CPU']:g} CPU and {total['GPU']:g} GPU"
        if answer != 2:
            yield Finding("ray", "failed", f"{says}; a task gave {answer}, not 2", "restart Ray")
            return
        groups, fits = worker_groups(file.cluster, may_grow=joined), groups_that_fit(file.cluster)
        if fits >= groups:
            yield Finding("ray", "ok", f"{says}; {groups} worker group(s)")
        elif asked(file.cluster).grows:
            yield Finding("ray", "ok", f"{says}; its autoscaler adds nodes once folds wait")
        else:
            says += f"; {fits} of {groups} worker group(s) fit, and no autoscaler runs"
            yield Finding("ray", "warning", says, "folds wait until nodes join: ray start")
        if len(nodes) > 1:
            yield from _shared(file)


def _shared(file: ExperimentFile) -> Iterator[Finding]:
    """On several nodes a folder or a file is on one of them only, unless a disk is shared."""
    own = {
        "store": (file.store, "s3://bucket/prefix"),
        "tracking.uri": (file.tracking.uri, "http://host:5000"),
        "study.storage": (file.study.storage, "postgresql://user@host/db"),
    }
    for setting, (value, better) in own.items():
        if urlsplit(value).scheme in ("", "file", "sqlite"):
            says = f"{setting} is {value}, on the disk of one node"
            remedy = f"give {better}, or a folder that all nodes mount"
            yield Finding("ray", "warning", says, remedy)


def _add_one(number: int) -> int:
    return number + 1


def corpus(file: ExperimentFile) -> Iterator[Finding]:
    """Whether its folder is there; `corpora check` looks inside."""
    if isinstance(file.corpus, DemoCorpusConfig):
        yield Finding("corpus", "ok", "demo, made by the first command that needs it")
        return
    root = Path(file.corpus.root).expanduser()
    if not root.is_dir():
        raise CorpusError(
            f"corpus.root: no folder {root}; give the corpus's own: --set corpus.root=/data/..."
        )
    yield Finding("corpus", "ok", f"{root} is there; `ser corpora check` looks inside")


def embedding(config: EmbeddingConfig) -> Iterator[Finding]:
    """Whether there are word vectors; a study reads those of its words alone."""
    if isinstance(config, Glove50Config):
        read_glove50(())
        yield Finding("embedding", "ok", "GloVe of 50 values is installed")
        return
    path = Path(config.path).expanduser()
    if not path.is_file():
        raise ConfigError(f"embedding.path: no file {path}; correct it, or leave embedding out")
    yield Finding("embedding", "ok", f"{path} is there")
