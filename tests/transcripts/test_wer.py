"""Errors counted against what was said."""

from ser_platform.transcripts.wer import compare, in_words
from tests.transcripts.spoken import utterance


def test_the_rate_is_edits_per_word_that_was_said() -> None:
    errors = compare([utterance("a", "a b c d e f")], [utterance("a", "a x c e f g")])
    counts = errors.corpus
    assert (counts.words, counts.wer) == (6, 3 / 6)
    assert (counts.substitutions, counts.deletions, counts.insertions) == (1, 1, 1)


def test_characters_count_the_blanks_between_words() -> None:
    counts = compare([utterance("a", "so it is")], [utterance("a", "so is")]).corpus
    assert (counts.characters, counts.character_edits, counts.cer) == (8, 3, 3 / 8)


def test_rates_are_of_sums_and_not_means_over_utterances() -> None:
    said = [utterance("a", "no"), utterance("b", "one two three four five six seven eight nine")]
    heard = [utterance("a", "oh"), said[1]]
    assert compare(said, heard).corpus.wer == 1 / 10


def test_each_emotion_speaker_and_session_has_its_own() -> None:
    said = [
        utterance("a", "go away", "ang", "anna", 1),
        utterance("b", "oh well", "sad", "bert", 2),
    ]
    heard = [utterance("a", "go a way", "ang", "anna", 1), said[1]]
    errors = compare(said, heard)
    assert {name: rates.wer for name, rates in errors.emotions.items()} == {"ang": 1, "sad": 0}
    assert {name: rates.wer for name, rates in errors.speakers.items()} == {"anna": 1, "bert": 0}
    assert {name: rates.wer for name, rates in errors.sessions.items()} == {"1": 1, "2": 0}


def test_what_is_heard_where_nothing_was_said_is_an_error_of_the_whole() -> None:
    said = [utterance("a", "", "sad"), utterance("b", "one two", "ang")]
    heard = [utterance("a", "hm", "sad"), said[1]]
    errors = compare(said, heard)
    assert errors.corpus.wer == 1 / 2
    assert errors.emotions["sad"].wer is None
    assert errors.record["emotions"]["sad"]["wer"] is None
    assert in_words(errors) == (
        "transcripts: WER 50.0 % of 2 words (0 substituted, 0 deleted, 1 inserted), CER 28.6 %; "
        "by emotion ang 0.0, sad -"
    )
