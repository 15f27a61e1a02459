"""A word error rate of choice: counted, repeatable, nested, and blind to labels."""

from dataclasses import replace

import numpy as np
import pytest

from ser_platform.config.corruption import CorruptedConfig
from ser_platform.corpora.base import Corpus
from ser_platform.errors import CorpusError
from ser_platform.transcripts import with_transcripts
from ser_platform.transcripts.confusions import Confusions
from ser_platform.transcripts.wer import ErrorRates, compare
from ser_platform.utterance import Utterance
from tests.transcripts.spoken import corpus, utterance, word

LEVELS = (0.05, 0.10, 0.147, 0.20, 0.30, 0.50, 0.9)


def heard(said: Corpus, wer: float, **settings: float) -> dict[str, Utterance]:
    config = CorruptedConfig.model_validate({"wer": wer, **settings})
    return {u.id: u for u in with_transcripts(said, config).utterances}


def counted(said: Corpus, wer: float, **settings: float) -> ErrorRates:
    return compare(said.utterances, list(heard(said, wer, **settings).values())).corpus


def test_a_rate_of_zero_is_the_oracle(demo: Corpus) -> None:
    assert with_transcripts(demo, CorruptedConfig(wer=0)) is demo


@pytest.mark.parametrize("wer", LEVELS)
def test_the_counted_rate_is_the_one_asked_for(demo: Corpus, wer: float) -> None:
    for seed in (0, 1):
        assert counted(demo, wer, seed=seed).wer == pytest.approx(wer, abs=0.005)


def test_the_same_seed_makes_the_same_errors_and_another_others(demo: Corpus) -> None:
    assert heard(demo, 0.2) == heard(demo, 0.2)
    assert heard(demo, 0.2) != heard(demo, 0.2, seed=1)


def test_the_order_of_the_utterances_does_not_matter(demo: Corpus) -> None:
    backwards = replace(demo, utterances=demo.utterances[::-1])
    assert heard(backwards, 0.2) == heard(demo, 0.2)


def test_labels_speakers_and_sessions_are_not_looked_at(
    demo: Corpus, rng: np.random.Generator
) -> None:
    shuffled = rng.permutation([u.emotion for u in demo.utterances]).tolist()
    assert shuffled != [u.emotion for u in demo.utterances]
    blind = replace(
        demo,
        utterances=tuple(
            replace(u, emotion=emotion, speaker="x", session=9)
            for u, emotion in zip(demo.utterances, shuffled, strict=True)
        ),
    )
    words = {id_: u.words for id_, u in heard(blind, 0.3).items()}
    assert words == {id_: u.words for id_, u in heard(demo, 0.3).items()}


def test_a_higher_rate_keeps_the_utterances_that_a_lower_one_has_hit(demo: Corpus) -> None:
    said = {u.id: u for u in demo.utterances}
    hit: set[str] = set()
    for wer in LEVELS:
        now = {id_ for id_, u in heard(demo, wer).items() if u != said[id_]}
        assert hit <= now
        hit = now


def test_a_higher_rate_keeps_the_errors_of_a_lower_one(demo: Corpus) -> None:
    only_substitutions = {"substitutions": 1.0, "deletions": 0.0, "insertions": 0.0}
    few, many = (heard(demo, wer, **only_substitutions) for wer in (0.1, 0.4))
    for u in demo.utterances:
        for was, low, high in zip(u.words, few[u.id].words, many[u.id].words, strict=True):
            assert low.text in (was.text, high.text)


def test_shares_are_about_those_asked_for(demo: Corpus) -> None:
    found = counted(demo, 0.2, substitutions=0.5, deletions=0.3, insertions=0.2)
    counts = np.array([found.substitutions, found.deletions, found.insertions])
    assert counts / counts.sum() == pytest.approx([0.5, 0.3, 0.2], abs=0.1)


def test_only_deletions_leave_words_that_were_said_where_they_were_said(demo: Corpus) -> None:
    lost = heard(demo, 0.3, substitutions=0.0, deletions=1.0, insertions=0.0)
    assert all(set(lost[u.id].words) <= set(u.words) for u in demo.utterances)


def test_every_word_has_phonemes_inside_it_and_words_come_in_order(demo: Corpus) -> None:
    for u in heard(demo, 0.5).values():
        for w in u.words:
            assert w.phonemes
            assert w.start_s <= w.phonemes[0].start_s
            assert w.phonemes[-1].end_s <= w.end_s + 1e-9
        assert all(a.start_s <= b.start_s for a, b in zip(u.words, u.words[1:], strict=False))


def test_a_rate_out_of_reach_is_refused() -> None:
    """The only word is lost and put back."""
    said = corpus(utterance("a", " ".join(["no"] * 20)))
    with pytest.raises(CorpusError, match=r"mine: transcript\.wer is 0\.9, but .* 0\.\d+ at most"):
        heard(said, 0.9, substitutions=0.0, deletions=0.5, insertions=0.5)


def test_nothing_said_cannot_be_heard_wrong() -> None:
    with pytest.raises(CorpusError, match=r"reach 0\.000 at most"):
        heard(corpus(utterance("a", "")), 0.1)


def test_words_that_sound_alike_are_taken_for_each_other() -> None:
    words = [word(text, 0, 1) for text in ("bat", "bad", "cat", "elephant", "umbrella")]
    confusions = Confusions(words)
    drawn = [confusions.alike("bat", uniform) for uniform in np.linspace(0, 0.999, 200)]
    assert "bat" not in drawn
    assert drawn.count("bad") + drawn.count("cat") > 190


def test_of_two_that_sound_as_alike_the_frequent_one_is_taken_more_often() -> None:
    words = [word(text, 0, 1) for text in ("bat", "bad", *["cat"] * 9)]
    drawn = [Confusions(words).alike("bat", uniform) for uniform in np.linspace(0, 0.999, 200)]
    assert drawn.count("cat") == pytest.approx(9 * drawn.count("bad"), abs=15)


def test_words_without_phonemes_are_compared_by_spelling() -> None:
    words = [replace(word(text, 0, 1), phonemes=()) for text in ("bat", "bad", "elephant")]
    assert Confusions(words).alike("bat", 0.5) == "bad"


def test_a_vocabulary_of_one_word_can_only_lose_it() -> None:
    confusions = Confusions([word("no", 0, 1)])
    assert confusions.alike("no", 0.5) is None


def test_short_words_are_lost_more_often(demo: Corpus) -> None:
    confusions = Confusions(w for u in demo.utterances for w in u.words)
    assert confusions.brevity("i") > 1 > confusions.brevity("suitcase")
