"""What every corpus must give, whoever reads it."""

from pathlib import Path

import pytest

from ser_platform.config.corpus import (
    AudformatCorpusConfig,
    CorpusConfig,
    CremadCorpusConfig,
    DemoCorpusConfig,
    EmodbCorpusConfig,
    IemocapCorpusConfig,
    MeldCorpusConfig,
    RavdessCorpusConfig,
)
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.emotions import EMOTIONS
from tests.corpora import trees


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Corpus:
    root = str(tmp_path_factory.mktemp("corpora") / "demo")
    return read_corpus(DemoCorpusConfig(size="small", root=root))


def published(kind: str, root: Path) -> CorpusConfig:
    """A corpus that comes without word times."""
    match kind:
        case "emodb":
            return EmodbCorpusConfig(root=str(trees.emodb(root)), missing_alignment="even")
        case "ravdess":
            return RavdessCorpusConfig(root=str(trees.ravdess(root)), missing_alignment="even")
        case "cremad":
            return CremadCorpusConfig(root=str(trees.cremad(root)), missing_alignment="even")
        case "meld":
            return MeldCorpusConfig(root=str(trees.meld(root)), missing_alignment="even")
        case _:
            return AudformatCorpusConfig(
                root=str(trees.audformat_database(root)),
                table="emotion",
                files_table="files",
                transcript_column="transcription",
                labels={"anger": "ang", "happiness": "hap", "neutral": "neu"},
                ignore_labels=("boredom",),
                missing_alignment="even",
            )


@pytest.fixture(
    params=["iemocap", "table", "demo", "emodb", "ravdess", "cremad", "meld", "audformat"]
)
def corpus(request, tmp_path) -> Corpus:
    match request.param:
        case "iemocap":
            root = str(request.getfixturevalue("tree").root)
            return read_corpus(IemocapCorpusConfig(root=root, check_counts=False))
        case "table":
            return request.getfixturevalue("table").read()
        case "demo":
            return request.getfixturevalue("demo")
        case kind:
            return read_corpus(published(kind, tmp_path / "published"))


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
