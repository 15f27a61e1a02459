"""Servers and corpora that several slow tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from ser_platform.config.schema import DemoCorpusConfig
from ser_platform.corpora import read_corpus
from tests.servers import S3Server, seaweedfs


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small demo corpus, made once."""
    root = tmp_path_factory.mktemp("corpora") / "demo"
    read_corpus(DemoCorpusConfig(size="small", root=str(root)))
    return root


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server."""
    with seaweedfs(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def local_ray(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray on this machine with two CPUs."""
    monkeypatch_module.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch_module.setenv("RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S", "300")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        yield
    finally:
        ray.shutdown()


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """``monkeypatch`` for fixtures that live as long as a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
