"""Alignment of a corpus: policies, and what is stored."""

from dataclasses import replace
from pathlib import Path

import pytest

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.corpora import Corpus
from ser_platform.errors import CorpusError, FeatureError
from ser_platform.storage import ObjectStore
from ser_platform.transcripts.alignment.fill import align
from tests.features.caching import damage
from tests.transcripts.conftest import Counting, quiet, saying, with_first

WRONG = "Nobody brought the yellow kitchen chairs."


def aligned(corpus: Corpus, store: ObjectStore, run: Counting, **settings) -> Corpus:
    return align(corpus, AlignmentConfig(**settings), store, run, quiet)


def test_words_get_times_and_phonemes(demo, untimed, store, run) -> None:
    found = aligned(untimed, store, run)
    for u, true in zip(found.utterances, demo.utterances, strict=False):
        assert [w.text for w in u.words] == [w.text for w in true.words]
        assert all(w.phonemes for w in u.words)
    (note,) = found.notes
    assert note.startswith("forced alignment: 3 of 3 utterances aligned, median score -")


def test_utterances_with_times_or_without_words_are_left_alone(demo, untimed, store, run) -> None:
    timed, first, second = demo.utterances[3], untimed.utterances[0], untimed.utterances[1]
    mixed = replace(untimed, utterances=(first, saying(second, "[LAUGHTER] ..."[10:]), timed))
    found = aligned(mixed, store, run)
    assert run.asked == 1
    assert found.utterances[1].words == ()
    assert found.utterances[2] is timed
    whole = replace(demo, utterances=demo.utterances[3:5])
    assert aligned(whole, store, run) is whole


def test_what_is_stored_is_not_computed_again(untimed, store, run) -> None:
    first = aligned(untimed, store, run)
    again = Counting()
    assert aligned(untimed, store, again, lowest_score=-2.9) == first
    assert (run.asked, again.asked) == (3, 0)


def test_another_word_or_beam_is_computed_anew(untimed, store, run) -> None:
    aligned(untimed, store, run)
    other = saying(untimed.utterances[0], untimed.utterances[0].transcript + " now")
    aligned(
        replace(untimed, utterances=(other, *untimed.utterances[1:])),
        store,
        run,
        lowest_score=-90.0,
    )
    aligned(untimed, store, run, beam=1e-90)
    assert run.asked == 9


def test_a_damaged_object_is_put_aside_and_computed_again(untimed, store, run, caplog) -> None:
    first = aligned(untimed, store, run)
    (key,) = store.keys("transcripts/v1/")
    damaged = damage(store, key)
    assert aligned(untimed, store, run) == first
    assert run.asked == 6
    aside = f"quarantine/{key}"
    assert store.read(aside) == damaged
    assert f"kept as {aside}, and computed again" in caplog.text


def test_refuse_lists_who_is_not_aligned_and_why(untimed, store, run) -> None:
    first, second, _ = (u.id for u in untimed.utterances)
    with pytest.raises(CorpusError) as refused:
        aligned(with_first(untimed, transcript=WRONG), store, run, lowest_score=-0.5)
    where, absent, low, _ = str(refused.value).splitlines()
    assert where == (
        "demo: 3 of 3 utterances are not aligned; mend their transcripts, give word times, or "
        "set alignment.unaligned to even or drop: 3 problems"
    )
    assert absent == f"  {first}: its words were not found in the recording"
    assert low.startswith(f"  {second}: its score -")
    assert low.endswith(
        "is below alignment.lowest_score -0.5 (another text than what was said, or much noise)"
    )


def test_even_spreads_the_words_of_who_is_not_aligned(untimed, store, run) -> None:
    found = aligned(with_first(untimed, transcript=WRONG), store, run, unaligned="even")
    words = found.utterances[0].words
    assert [w.text for w in words] == WRONG[:-1].lower().split()
    assert [p.symbol for w in words for p in w.phonemes] == ["SPN"] * 6
    assert words[1].end_s == pytest.approx(2 * words[0].end_s)
    assert found.notes[1].startswith(
        "not aligned, their words are spread evenly over the recording: 1 utterances: "
        f"{untimed.utterances[0].id} (its words were not found in the recording)"
    )


def test_drop_leaves_out_who_is_not_aligned(untimed, store, run) -> None:
    found = aligned(with_first(untimed, transcript=WRONG), store, run, unaligned="drop")
    assert [u.id for u in found.utterances] == [u.id for u in untimed.utterances[1:]]
    assert found.notes[1].startswith("not aligned, left out: 1 utterances: ")


def test_a_recording_that_cannot_be_used_is_refused_as_by_features(
    untimed, store, run, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    with pytest.raises(FeatureError) as refused:
        aligned(with_first(untimed, audio=str(broken)), store, run)
    assert str(refused.value).startswith(
        f"a recording cannot be used:\n  {untimed.utterances[0].id}: {broken}: cannot be decoded"
    )
    assert list(store.keys("transcripts/")) == []


def test_parts_that_are_finished_stay_when_a_later_one_fails(demo, store, run) -> None:
    every = tuple(replace(u, words=()) for u in demo.utterances[:18])
    corpus = replace(demo, utterances=every, notes=())

    def crashing(function, tasks):
        yield function(next(iter(tasks)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align(corpus, AlignmentConfig(unaligned="even"), store, crashing, quiet)
    seen: list[tuple[int, int, int]] = []
    config = AlignmentConfig(unaligned="even")
    align(corpus, config, store, run, lambda *counts: seen.append(counts))
    assert run.asked == 2
    assert seen == [(16, 18, 16), (18, 18, 16)]
