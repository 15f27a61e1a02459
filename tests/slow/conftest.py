"""A corpus that several slow tests share."""

from pathlib import Path

import pytest

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import read_corpus


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small demo corpus, made once."""
    root = tmp_path_factory.mktemp("corpora") / "demo"
    read_corpus(DemoCorpusConfig(size="small", root=str(root)))
    return root
