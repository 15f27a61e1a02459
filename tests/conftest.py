"""Shared by all tests: one thread per process, the same numbers every time, real servers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import Corpus, read_corpus
from tests.browser import browser as browser  # fixtures of all tests
from tests.browser import screenshots as screenshots
from tests.local_ray import local_ray as local_ray
from tests.local_ray import monkeypatch_module as monkeypatch_module
from tests.mlflow_server import new_database
from tests.postgres import PostgresServer, postgres_server, why_not
from tests.servers import S3Server, seaweedfs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, by the time they ask for: quick ones fill the gaps at the end."""

    def order(item: pytest.Item) -> tuple[float, bool]:
        asked = item.get_closest_marker("timeout")
        return (-asked.args[0] if asked else 0, "slow" not in item.keywords)

    items.sort(key=order)


@pytest.fixture(autouse=True, scope="session")
def _one_thread_per_process() -> None:
    """Two test processes on two cores: more torch threads than that only wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_left_here() -> Iterator[None]:
    """MLflow makes a database in the working directory where a client is opened without URI."""
    names = ("mlflow.db", "mlruns", "journal")
    before = {name for name in names if Path(name).exists()}
    yield
    after = {name for name in names if Path(name).exists()}
    assert after == before, f"a test left {after - before} in {Path.cwd()}"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2020)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server for all tests of this process."""
    with seaweedfs(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for all tests of this process; each takes a database of its own."""
    if reason := why_not():
        pytest.skip(reason)
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The small demo corpus, made once for all tests of this process."""
    root = str(tmp_path_factory.mktemp("demo") / "small")
    return read_corpus(DemoCorpusConfig(size="small", root=root))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database to be copied, made once."""
    return new_database(tmp_path_factory.mktemp("mlflow"))
