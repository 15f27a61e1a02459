"""Engines before training: words in time, and folds of what is left. Without Ray."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.corpus import DemoCorpusConfig, SplitConfig
from ser_platform.config.corruption import CorruptedConfig
from ser_platform.config.inputs import Mfcc39Config
from ser_platform.config.model.wise import WiseConfig
from ser_platform.config.schema import Experiment
from ser_platform.storage import open_store
from ser_platform.train import prepare
from ser_platform.train.given import Given, read
from ser_platform.train.prepare import with_words
from ser_platform.transcripts.wer import compare


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    root = str(tmp_path_factory.mktemp("demo") / "small")
    return Experiment(
        name="x",
        corpus=DemoCorpusConfig(size="small", root=root),
        alignment=AlignmentConfig(unaligned="drop"),
        features=Mfcc39Config(),
        model=WiseConfig(),
    )


def test_a_corpus_with_all_its_times_is_given_on_as_it_is(experiment, tmp_path: Path) -> None:
    given = Given(open_store(str(tmp_path)), *read(experiment))
    assert with_words(experiment, given) is given


def test_who_is_dropped_is_in_no_fold(experiment, tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(prepare, "spread", map)
    caplog.set_level(logging.INFO, "ser_platform")
    corpus, folds = read(experiment)
    first, second, *others = corpus.utterances
    absent = replace(first, transcript="Nobody brought the yellow kitchen chairs.", words=())
    untimed = (absent, replace(second, words=()), *others)
    given = Given(open_store(str(tmp_path)), replace(corpus, utterances=untimed), folds)
    found = with_words(experiment, given)
    assert found.corpus.utterances[0].id == second.id
    assert [w.text for w in found.corpus.utterances[0].words] == [w.text for w in second.words]
    assert all(first.id not in (*f.train, *f.validation, *f.test) for f in found.folds)
    assert "transcripts: alignment by pocketsphinx 2/2 utterances, 0 cached" in caplog.text
    assert f"not aligned, left out: 1 utterances: {first.id}" in caplog.text


def test_folds_are_cut_by_what_was_said_and_not_by_what_was_heard(experiment) -> None:
    split = SplitConfig(scenarios=2)
    said, folds = read(experiment.model_copy(update={"split": split}))
    wrong = CorruptedConfig(wer=0.5)
    heard, others = read(experiment.model_copy(update={"split": split, "transcript": wrong}))
    assert [u.transcript for u in heard.utterances] != [u.transcript for u in said.utterances]
    assert others == folds


def test_words_that_are_aligned_later_are_counted_by_their_text(experiment) -> None:
    corpus, _ = read(experiment)
    heard = replace(corpus, utterances=tuple(replace(u, words=()) for u in corpus.utterances[:2]))
    errors = compare(corpus.utterances[:2], heard.utterances)
    assert errors.corpus.wer == 0
