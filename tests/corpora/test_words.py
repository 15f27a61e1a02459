"""Words and phonemes in time."""

import pytest

from ser_platform.corpora.words import Segment, clean_words, spread_words, timed_words
from ser_platform.utterance import Phoneme


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Excuse me.", ["excuse", "me"]),
        ("Well--don't!", ["well", "don't"]),
        ("I...I uh-huh, 'cause", ["i", "i", "uh-huh", "cause"]),
        ("\u201cIch auch\u2026\u201d \u2013 \u00dcber", ["ich", "auch", "\u00fcber"]),
        ("\u0928\u092e\u0938\u094d\u0924\u0947 \u0964", ["\u0928\u092e\u0938\u094d\u0924\u0947"]),
        (" ... ?! ", []),
        ("", []),
    ],
)
def test_words_are_lower_case_without_punctuation_at_their_ends(text, words) -> None:
    assert clean_words(text) == words


def test_words_without_times_share_the_recording_evenly_as_one_phoneme_each() -> None:
    words = spread_words("Yes, no. Yes -- maybe", 2.0)
    assert [(w.text, w.start_s, w.end_s) for w in words] == [
        ("yes", 0.0, 0.5),
        ("no", 0.5, 1.0),
        ("yes", 1.0, 1.5),
        ("maybe", 1.5, 2.0),
    ]
    assert words[2].phonemes == (Phoneme("SPN", 1.0, 1.5),)
    assert spread_words("...", 2.0) == ()


def test_unsorted_words_are_sorted_and_unnamed_phonemes_kept() -> None:
    words = [Segment("b", 0.5, 1.0), Segment("a", 0.0, 0.5)]
    phonemes = [Segment("", 0.6, 0.8), Segment("A", 0.1, 0.2), Segment("X", 2.0, 2.1)]
    first, second = timed_words(words, phonemes)
    assert (first.text, [p.symbol for p in first.phonemes]) == ("a", ["A"])
    assert (second.text, [p.symbol for p in second.phonemes]) == ("b", ["SPN"])
