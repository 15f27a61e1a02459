"""Folds: every utterance on one side, every speaker on one side, validation inside training."""

import logging
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.folds import make_folds
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

IEMOCAP_LIKE = [(s, f"Ses0{s}{sex}", e) for s in range(1, 6) for sex in "FM" for e in EMOTIONS]


def split(**choices: Any) -> SplitConfig:
    return SplitConfig.model_validate(choices)


def speakers(ids: tuple[str, ...], corpus: list[Utterance]) -> set[str]:
    return {u.speaker for u in corpus if u.id in ids}


def test_each_session_is_held_out_once(utterances) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    folds = make_folds(corpus, split())
    assert [(f.number, f.held_out) for f in folds] == [(s, f"session {s}") for s in range(1, 6)]
    for fold in folds:
        assert speakers(fold.test, corpus) == {f"Ses0{fold.number}F", f"Ses0{fold.number}M"}
        assert (len(fold.train), len(fold.validation), len(fold.test)) == (28, 4, 8)


def test_the_validation_speaker_comes_from_the_next_session_alternating_first_and_second(
    utterances,
) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    chosen = [speakers(fold.validation, corpus) for fold in make_folds(corpus, split())]
    assert chosen == [{"Ses02F"}, {"Ses03M"}, {"Ses04F"}, {"Ses05M"}, {"Ses01F"}]


def test_each_speaker_is_held_out_once_and_validates_once(utterances) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    folds = make_folds(corpus, split(by="speaker"))
    assert [f.held_out for f in folds] == [
        f"speaker Ses0{s}{x}" for s in range(1, 6) for x in "FM"
    ]
    chosen = [speakers(fold.validation, corpus) for fold in folds]
    assert sorted(map(sorted, chosen)) == [[f"Ses0{s}{x}"] for s in range(1, 6) for x in "FM"]


def test_a_validation_session_is_whole_and_is_the_next_one(utterances) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    folds = make_folds(corpus, split(validation={"by": "session"}))
    chosen = [sorted(speakers(fold.validation, corpus)) for fold in folds]
    assert chosen == [[f"Ses0{s}F", f"Ses0{s}M"] for s in (2, 3, 4, 5, 1)]


def test_a_share_is_of_speakers_and_drawn_by_its_seed(utterances) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    share = {"by": "share", "share": 0.25}
    folds = make_folds(corpus, split(validation=share))
    assert [len(speakers(f.validation, corpus)) for f in folds] == [2] * 5
    assert make_folds(corpus, split(validation=share)) == folds
    assert make_folds(corpus, split(validation={**share, "seed": 1})) != folds


def test_groups_of_speakers_hold_every_speaker_once(utterances) -> None:
    corpus = utterances(IEMOCAP_LIKE)
    folds = make_folds(corpus, split(by="kfold", folds=5))
    held_out = [speaker for fold in folds for speaker in speakers(fold.test, corpus)]
    assert sorted(held_out) == sorted({u.speaker for u in corpus})
    assert [f.held_out for f in folds] == [f"group {g}" for g in range(1, 6)]
    assert make_folds(corpus, split(by="kfold", folds=5, seed=1)) != folds


def test_a_speaker_in_two_sessions_is_refused_by_name(utterances) -> None:
    rows = [(s, name, e) for s, name in [(1, "F"), (2, "F"), (3, "M")] for e in EMOTIONS]
    with pytest.raises(CorpusError) as error:
        make_folds(utterances(rows), split(validation={"by": "session"}))
    assert str(error.value) == (
        "fold 1 (session 1): speakers F are in validation and in test; a speaker's name must be "
        "unique over the corpus, and a person in several sessions needs split.by: speaker or kfold"
    )


def test_one_session_cannot_be_held_out(utterances) -> None:
    with pytest.raises(
        CorpusError,
        match=r"split\.by: session needs at least 2 of them in the corpus, found session 1",
    ):
        make_folds(utterances([(1, "F", e) for e in EMOTIONS]), split())


def test_more_groups_than_speakers_are_refused(utterances) -> None:
    with pytest.raises(
        CorpusError, match="the corpus has 10 speakers, and 10 utterances of its most"
    ):
        make_folds(utterances(IEMOCAP_LIKE), split(by="kfold", folds=11))


def test_two_speakers_leave_nothing_for_training(utterances) -> None:
    rows = [(s, f"S{s}", e) for s in (1, 2) for e in EMOTIONS]
    with pytest.raises(
        CorpusError,
        match=r"fold 1 \(session 1\): nothing is left for training; the corpus has 2 sp",
    ):
        make_folds(utterances(rows), split())


def test_two_sessions_leave_no_session_for_validation_beside_training(utterances) -> None:
    rows = [(s, f"S{s}{x}", e) for s in (1, 2) for x in "FM" for e in EMOTIONS]
    with pytest.raises(CorpusError, match="nothing is left for training"):
        make_folds(utterances(rows), split(validation={"by": "session"}))


def test_groups_that_touch_every_session_leave_none_for_validation(utterances) -> None:
    rows = [(1, f"S{s}", e) for s in range(6) for e in EMOTIONS]
    with pytest.raises(
        CorpusError, match=r"none is left for validation; use split\.validation\.by"
    ):
        make_folds(utterances(rows), split(by="kfold", folds=3, validation={"by": "session"}))


def test_a_class_that_training_lacks_is_refused_and_elsewhere_is_a_warning(
    utterances, caplog
) -> None:
    rows = [row for row in IEMOCAP_LIKE if row[2] != "hap" or row[0] == 3]
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(CorpusError, match=r"fold 3 \(session 3\): no utterance of hap in training"),
    ):
        make_folds(utterances(rows), split())
    assert "fold 1 (session 1): no utterance of hap in test" in caplog.messages


@st.composite
def corpora(draw: st.DrawFn) -> list[Utterance]:
    """Three sessions or more of one to three speakers, each heard in every class."""
    rows = [
        (session, f"s{session}{speaker}", emotion)
        for session in range(1, draw(st.integers(3, 6)) + 1)
        for speaker in range(draw(st.integers(1, 3)))
        for emotion in [*EMOTIONS, *draw(st.lists(st.sampled_from(EMOTIONS), max_size=3))]
    ]
    return [
        Utterance(f"u{i:03}", "", speaker, session, emotion, "")
        for i, (session, speaker, emotion) in enumerate(rows)
    ]


SPLITS = [
    split(by=by, folds=3, validation={"by": validation})
    for by, validation in product(("session", "speaker", "kfold"), ("speaker", "session", "share"))
    if (by, validation) != ("kfold", "session")
]


@settings(deadline=None, max_examples=60)
@given(corpora(), st.sampled_from(SPLITS), st.randoms(use_true_random=False))
def test_sides_are_a_partition_share_no_speaker_and_ignore_the_order(
    corpus, config, random
) -> None:
    folds = make_folds(corpus, config)
    everything = sorted(u.id for u in corpus)
    for fold in folds:
        assert sorted(fold.train + fold.validation + fold.test) == everything
        sides = [speakers(ids, corpus) for ids in (fold.train, fold.validation, fold.test)]
        assert all(sides)
        assert sum(map(len, sides)) == len(set.union(*sides))
    assert sorted(i for fold in folds for i in fold.test) == everything
    shuffled = random.sample(corpus, len(corpus))
    assert make_folds(shuffled, config) == folds
