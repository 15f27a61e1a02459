"""The small corpus, made once a test session."""

from pathlib import Path

import pytest

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import Corpus, read_corpus


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "small"


@pytest.fixture(scope="session")
def small(small_root: Path) -> Corpus:
    return read_corpus(DemoCorpusConfig(size="small", root=str(small_root)))
