"""Errors in time: what is not hit stays where it is."""

from ser_platform.transcripts.edits import Edit, edited_texts, edited_words
from ser_platform.utterance import Word
from tests.transcripts.spoken import word

SAID = (word("so", 0.0, 0.2), word("it", 0.2, 0.4), word("is", 1.0, 1.2))


def times(words: tuple[Word, ...]) -> list[tuple[str, float, float]]:
    return [(w.text, round(w.start_s, 6), round(w.end_s, 6)) for w in words]


def phonemes(of: Word) -> list[tuple[str, float, float]]:
    return [(p.symbol, round(p.start_s, 6), round(p.end_s, 6)) for p in of.phonemes]


def put(place: int, text: str) -> Edit:
    return Edit(place, inserts=False, text=text)


def behind(place: int, text: str) -> Edit:
    return Edit(place, inserts=True, text=text)


def lost(place: int) -> Edit:
    return Edit(place, inserts=False, text=None)


def test_a_substituted_word_keeps_its_span_and_as_many_phonemes_keep_theirs() -> None:
    found = edited_words(SAID, [put(1, "at")], {"at": ("AE", "T")})
    assert times(found) == [("so", 0, 0.2), ("at", 0.2, 0.4), ("is", 1, 1.2)]
    assert phonemes(found[1]) == [("AE", 0.2, 0.3), ("T", 0.3, 0.4)]


def test_another_number_of_phonemes_shares_the_span() -> None:
    found = edited_words(SAID, [put(1, "its")], {"its": ("IH", "T", "S", "S")})
    assert phonemes(found[1]) == [
        ("IH", 0.2, 0.25), ("T", 0.25, 0.3), ("S", 0.3, 0.35), ("S", 0.35, 0.4),
    ]  # fmt: skip


def test_a_deleted_word_leaves_a_gap() -> None:
    assert times(edited_words(SAID, [lost(1)], {})) == [("so", 0, 0.2), ("is", 1, 1.2)]


def test_an_inserted_word_takes_the_gap_behind_its_neighbour() -> None:
    found = edited_words(SAID, [behind(1, "oh")], {"oh": ("OW",)})
    assert times(found)[1:] == [("it", 0.2, 0.4), ("oh", 0.4, 0.6), ("is", 1, 1.2)]


def test_without_a_gap_it_takes_the_second_half_of_its_neighbour() -> None:
    found = edited_words(SAID, [behind(0, "oh")], {"oh": ("OW",)})
    assert times(found)[:3] == [("so", 0, 0.1), ("oh", 0.1, 0.2), ("it", 0.2, 0.4)]
    assert phonemes(found[0]) == [("S", 0, 0.05), ("O", 0.05, 0.1)]


def test_behind_a_word_that_is_lost_it_takes_all_of_its_span() -> None:
    found = edited_words(SAID, [lost(0), behind(0, "oh")], {"oh": ("OW",)})
    assert times(found)[:2] == [("oh", 0, 0.2), ("it", 0.2, 0.4)]


def test_texts_and_words_in_time_are_edited_alike() -> None:
    edits = [lost(0), behind(0, "oh"), put(1, "at"), behind(2, "oh")]
    sounds = {"oh": ("OW",), "at": ("AE", "T")}
    texts = edited_texts([w.text for w in SAID], edits)
    assert texts == ["oh", "at", "is", "oh"]
    assert [w.text for w in edited_words(SAID, edits, sounds)] == texts
