"""Servers and corpora that several slow tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ser_platform.config.corpus import DemoCorpusConfig
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
