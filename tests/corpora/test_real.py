"""Real recordings read through their manifests; skipped where they are absent."""

import csv
from pathlib import Path
from typing import Any

import pytest

from ser_platform.audit.baselines import baselines
from ser_platform.audit.given import Given
from ser_platform.config.corpus import (
    CorpusConfig,
    EmodbCorpusConfig,
    RavdessCorpusConfig,
    SplitConfig,
    TableCorpusConfig,
)
from ser_platform.corpora import read_corpus
from ser_platform.corpora.folds import make_folds
from ser_platform.corpora.sound import sounds_of
from ser_platform.corpora.stats import stats_of

pytestmark = pytest.mark.slow

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


def test_real_recordings_have_no_fault_and_their_loudness_is_measured(real_data) -> None:
    root = str(real_data / "ravdess-en")
    corpus = read_corpus(TableCorpusConfig(root=root, **TIMES))
    assert corpus.bad == ()
    stats = stats_of(corpus, sounds_of(corpus.utterances))
    level = {amount.name: amount.level_db for amount in stats.by["emotion"]}
    assert level["ang"] > level["hap"] > level["neu"]


def test_acted_corpora_of_fixed_sentences_leave_words_at_chance(real_data) -> None:
    root = str(real_data / "ravdess-en")
    corpus = read_corpus(TableCorpusConfig(root=root, **TIMES))
    folds = make_folds(corpus.utterances, SplitConfig())
    given = Given(corpus, folds, sounds_of(corpus.utterances), crossed=False)
    scores = {b.kind: b.scores["all"].ua for b in baselines(given, seed=0)}
    assert scores["majority"] == 0.25
    assert abs(scores["text"] - 0.25) < 0.05
    assert scores["loudness"] > 0.4


@pytest.mark.parametrize("name", ["emodb-de", "ravdess-en"])
def test_published_names_say_what_the_manifest_says(real_data, tmp_path, name) -> None:
    with (real_data / name / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["source_path"]).stem: row for row in csv.DictReader(file)}
    for id_, row in rows.items():
        folder = "wav" if name == "emodb-de" else Path(row["source_path"]).parent.name
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{id_}.flac").symlink_to(real_data / name / row["file"])
    root: dict[str, Any] = {"root": str(tmp_path), "missing_alignment": "even"}
    configs: dict[str, CorpusConfig] = {
        "emodb-de": EmodbCorpusConfig(**root),
        "ravdess-en": RavdessCorpusConfig(**root),
    }
    corpus = read_corpus(configs[name])
    assert len(corpus.utterances) == len(rows)
    for utterance in corpus.utterances:
        row = rows[utterance.id]
        assert utterance.speaker[-2:] == row["speaker"][-2:]
        read = (utterance.emotion, utterance.transcript, utterance.sex)
        assert read == (row["label4"], row["transcript"], row["sex"])
