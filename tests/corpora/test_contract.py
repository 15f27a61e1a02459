"""What every corpus must give, whoever reads it."""

from pathlib import Path

import pytest

from ser_platform.config.corpus import DemoCorpusConfig, IemocapCorpusConfig
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.emotions import EMOTIONS


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Corpus:
    root = str(tmp_path_factory.mktemp("corpora") / "demo")
    return read_corpus(DemoCorpusConfig(size="small", root=root))


@pytest.fixture(params=["iemocap", "table", "demo"])
def corpus(request) -> Corpus:
    match request.param:
        case "iemocap":
            root = str(request.getfixturevalue("tree").root)
            return read_corpus(IemocapCorpusConfig(root=root, check_counts=False))
        case "table":
            return request.getfixturevalue("table").read()
        case _:
            return request.getfixturevalue("demo")


def test_a_corpus_is_sorted_labelled_recorded_and_timed(corpus) -> None:
    ids = [u.id for u in corpus.utterances]
    assert ids == sorted(set(ids))
    for utterance in corpus.utterances:
        assert utterance.emotion in EMOTIONS
        assert utterance.session >= 1
        assert Path(utterance.audio).is_absolute()
        assert Path(utterance.audio).is_file()
        assert utterance.words
        starts = [word.start_s for word in utterance.words]
        assert starts == sorted(starts)
        for word in utterance.words:
            assert word.text == word.text.lower()
            assert 0 <= word.start_s < word.end_s
            assert word.phonemes
            assert all(p.start_s < p.end_s for p in word.phonemes)


def test_only_the_demo_corpus_is_synthetic(corpus) -> None:
    assert corpus.synthetic == (corpus.name == "demo")
