"""The small demo corpus, made once, and words in a line."""

import pytest

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import Corpus, read_corpus


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("demo") / "small"
    return read_corpus(DemoCorpusConfig(size="small", root=str(root)))
