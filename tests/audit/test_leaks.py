"""What is on two sides is found, counted by style, and judged."""

from dataclasses import replace

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from ser_platform.audit.findings import findings
from ser_platform.audit.given import Given
from ser_platform.audit.leaks import Leak, leaks
from ser_platform.audit.texts import NEAR, near_texts
from ser_platform.corpora.folds import Fold
from ser_platform.corpora.sound import Sound
from ser_platform.utterance import Utterance
from tests.audit.conftest import given_of, utterances


def leak(given: Given, kind: str) -> Leak:
    return next(found for found in leaks(given) if found.kind == kind)


def severity(given: Given, kind: str) -> str:
    return next(f.severity for f in findings(given, leaks(given), []) if f.kind == kind)


def test_a_scripted_text_that_every_session_says_is_counted_by_style() -> None:
    def script(utterance: Utterance) -> Utterance:
        shared = utterance.scenario == "s0"
        return replace(utterance, transcript="Give me, the form!") if shared else utterance

    given = given_of(utterances(script))
    found = leak(given, "text")
    assert (found.affected, found.of) == (
        {"all": 32, "scripted": 32, "improvised": 0},
        {"all": 128, "scripted": 64, "improvised": 64},
    )
    assert found.names == ("give me the form",)
    assert found.folds == {f"session {s}": 0.25 for s in range(1, 5)}
    assert severity(given, "text") == "warning"


def test_writing_does_not_hide_an_equal_text_and_three_words_are_too_few() -> None:
    texts = {
        "1F_s0_ang": "I DO not know",
        "2F_s0_ang": "i do not know...",
        "3F_s0_ang": "I know it",
    }
    texts |= {"3F_s0_ang": "I know it", "4F_s0_ang": "I know it"}
    given = given_of(utterances(lambda u: replace(u, transcript=texts.get(u.id, u.transcript))))
    assert leak(given, "text").affected["all"] == 2


def test_a_text_with_a_word_changed_is_nearly_the_same() -> None:
    texts = {
        "1F_s0_ang": "I have told you about the form a thousand times",
        "2F_s0_ang": "I have told you about the forms a thousand times",
    }
    given = given_of(utterances(lambda u: replace(u, transcript=texts.get(u.id, u.transcript))))
    assert leak(given, "text").affected["all"] == 0
    assert set(texts.values()) <= set(map(str.capitalize, leak(given, "near text").names))


def test_near_texts_are_symmetric_and_hold_themselves_in_every_chunk() -> None:
    texts = [f"number {i} of a long list of lines" for i in range(600)] + ["a", "quite different"]
    near = near_texts(texts)
    assert all(text in own for text, own in near.items())
    assert all(text in near[other] for text, own in near.items() for other in own)
    assert near["quite different"] == {"quite different"}
    assert near_texts([]) == {}


def test_near_texts_are_those_of_the_full_product(rng) -> None:
    words = ["door", "doors", "the", "a", "open", "opened", "never", "please", "form", "forms"]
    texts = sorted({" ".join(rng.choice(words, rng.integers(4, 9))) for _ in range(400)})
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(3, 5)).fit_transform(
        [f"  {text}  " for text in texts]
    )
    cosines = (vectors @ vectors.T).toarray()
    expected = {
        text: {texts[j] for j in np.flatnonzero(row >= NEAR)}
        for text, row in zip(texts, cosines, strict=True)
    }
    assert sum(map(len, expected.values())) > len(texts)  # some have neighbours
    assert near_texts(texts) == expected


def test_the_same_bytes_on_two_sides_are_forbidden() -> None:
    own = utterances()
    copied = {"1F_s0_ang": Sound(1, -20, "same"), "3M_s2_sad": Sound(1, -20, "same")}
    given = given_of(own, copied)
    assert leak(given, "audio").names == ("1F_s0_ang", "3M_s2_sad")
    assert severity(given, "audio") == "forbidden"


def test_the_same_bytes_within_one_side_are_not() -> None:
    copied = {"1F_s0_ang": Sound(1, -20, "same"), "1M_s2_sad": Sound(1, -20, "same")}
    # In training, and in validation where one of the two speakers validates.
    given = given_of(utterances(), copied, validation={"by": "session"})
    assert leak(given, "audio").names == ()


def test_a_speaker_on_two_sides_is_forbidden_however_the_folds_were_made() -> None:
    given = given_of(utterances())
    mixed = [Fold(1, "a half", ("1F_s0_ang",), ("2F_s0_ang",), ("1F_s1_ang",))]
    broken = Given(given.corpus, mixed, given.sounds, crossed=False)
    assert leak(broken, "speaker").names == ("1F",)
    assert severity(broken, "speaker") == "forbidden"
    assert severity(given, "speaker") == "info"


def test_a_speaker_in_training_and_validation_is_forbidden_too() -> None:
    given = given_of(utterances())
    mixed = [Fold(1, "a half", ("1F_s0_ang",), ("1F_s1_ang",), ("2F_s1_ang",))]
    assert severity(Given(given.corpus, mixed, given.sounds, False), "speaker") == "forbidden"


def test_partners_of_a_dialogue_are_apart_by_session_and_not_by_speaker() -> None:
    by_session, by_speaker = given_of(utterances()), given_of(utterances(), by="speaker")
    assert leak(by_session, "dialogue").selection_only
    assert severity(by_session, "dialogue") == "info"
    assert leak(by_speaker, "dialogue").share() == 1
    assert severity(by_speaker, "dialogue") == "warning"


def test_scenarios_are_a_warning_until_the_protocol_forbids_them_and_then_they_are_apart() -> None:
    plain, crossed = given_of(utterances()), given_of(utterances(), scenarios=2)
    assert leak(plain, "scenario").share() == 1
    assert severity(plain, "scenario") == "warning"
    assert leak(crossed, "scenario").share() == 0
    broken = Given(plain.corpus, plain.folds, plain.sounds, crossed=True)
    assert severity(broken, "scenario") == "forbidden"


def test_what_the_corpus_does_not_say_cannot_be_told() -> None:
    given = given_of(utterances(lambda u: replace(u, scenario="", dialogue="", transcript="hi")))
    titles = [f.title for f in findings(given, leaks(given), [])]
    assert sum(title.endswith("cannot be told") for title in titles) == 4
