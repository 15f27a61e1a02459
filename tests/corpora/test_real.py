"""Real recordings read through their manifests; skipped where they are absent."""

from typing import Any

from ser_platform.config.corpus import SplitConfig, TableCorpusConfig
from ser_platform.corpora import read_corpus
from ser_platform.corpora.folds import make_folds

TIMES: dict[str, Any] = {
    "words": "align/words.csv",
    "phonemes": "align/phones.csv",
    "label_column": "label4",
}


def test_emodb_is_read_with_its_hand_labels_and_its_one_utterance_without(real_data) -> None:
    root = str(real_data / "emodb-de")
    corpus = read_corpus(TableCorpusConfig(root=root, missing_alignment="even", **TIMES))
    emotions = [u.emotion for u in corpus.utterances]
    assert [emotions.count(e) for e in ("ang", "hap", "neu", "sad")] == [127, 71, 79, 62]
    assert any("emodb_13a01Wb" in note for note in corpus.notes)
    assert all(u.words and all(w.phonemes for w in u.words) for u in corpus.utterances)
    folds = make_folds(corpus.utterances, SplitConfig())
    assert [len(fold.test) for fold in folds] == [81, 51, 71, 63, 73]


def test_ravdess_is_read_with_its_alignment_in_frames(real_data) -> None:
    root = str(real_data / "ravdess-en")
    corpus = read_corpus(TableCorpusConfig(root=root, **TIMES))
    assert len(corpus.utterances) == 672
    assert corpus.notes == ()
    said = [word.text for word in corpus.utterances[0].words]
    assert said == ["kids", "are", "talking", "by", "the", "door"]
    folds = make_folds(corpus.utterances, SplitConfig(by="speaker"))
    assert [len(fold.test) for fold in folds] == [28] * 24
