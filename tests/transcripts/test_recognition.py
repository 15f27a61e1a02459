"""Recognised words in the place of a corpus's own; real pocketsphinx."""

from dataclasses import replace

import jiwer
import pytest
from pydantic import ValidationError

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.recognition import GoogleSpeechConfig, PocketsphinxConfig
from ser_platform.config.schema import Experiment
from ser_platform.config.transcript import OracleConfig, TranscriptConfig
from ser_platform.corpora import Corpus
from ser_platform.corpora.words import clean_words
from ser_platform.features.rows import Progress
from ser_platform.storage import ObjectStore, open_store
from ser_platform.transcripts import with_transcripts
from ser_platform.transcripts.engines.base import heard
from ser_platform.transcripts.stage import complete
from tests.transcripts.conftest import Counting, quiet

ENGINE = PocketsphinxConfig()
ALIGN = PocketsphinxConfig(times="align")


def progress(engine: str) -> Progress:
    return quiet


def completed(
    corpus: Corpus, transcript: TranscriptConfig, store: ObjectStore, run: Counting
) -> Corpus:
    alignment = AlignmentConfig(unaligned="even")
    given = with_transcripts(corpus, transcript)
    return complete(given, transcript, alignment, store, run, progress)


@pytest.fixture(scope="module")
def two(demo: Corpus) -> Corpus:
    """Two utterances, as if no times were known."""
    first = tuple(replace(u, words=()) for u in demo.utterances[:2])
    return replace(demo, utterances=first, notes=())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> ObjectStore:
    """One store for all tests here: hearing takes seconds."""
    return open_store(str(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def plain(two: Corpus, shelf: ObjectStore) -> Corpus:
    """Those two as pocketsphinx hears them."""
    return completed(two, ENGINE, shelf, Counting())


def test_pocketsphinx_hears_most_words_when_and_what_they_are(two, plain) -> None:
    found = plain
    said = [" ".join(clean_words(u.transcript)) for u in two.utterances]
    assert jiwer.wer(said, [" ".join(w.text for w in u.words) for u in found.utterances]) < 0.7
    for u in found.utterances:
        assert clean_words(u.transcript) == [w.text for w in u.words]
        starts = [w.start_s for w in u.words]
        assert starts == sorted(starts)
        assert all(w.start_s < w.end_s for w in u.words)
    assert found.notes[0] == "words as pocketsphinx heard them"


def test_recognised_words_can_be_aligned_for_their_phonemes(two, plain, shelf, run) -> None:
    found = completed(two, ALIGN, shelf, run)
    assert run.asked == 2, "heard before: only the alignment is new"
    assert [u.transcript for u in found.utterances] == [u.transcript for u in plain.utterances]
    symbols = {p.symbol for u in found.utterances for w in u.words for p in w.phonemes}
    assert "SPN" not in symbols or found.notes[-1].startswith("not aligned")
    assert len(symbols) > 5


def test_the_oracle_with_times_needs_no_engine(demo, store, run) -> None:
    assert completed(demo, OracleConfig(), store, run) is demo
    assert run.asked == 0


def test_a_token_of_several_words_shares_its_time_among_them() -> None:
    assert heard([("Well--no,", 1.0, 2.0), ("...", 2.0, 2.5)]) == {
        "text": "Well--no, ...",
        "words": [["well", 1.0, 1.5], ["no", 1.5, 2.0]],
    }


def test_words_without_times_leave_the_utterance_to_the_aligner() -> None:
    assert heard([("hello", 0.0, 0.4), ("big world", None, None)]) == {
        "text": "hello big world",
        "words": None,
    }


def test_a_network_that_reads_phonemes_needs_aligned_words() -> None:
    settings = {"name": "x", "corpus": {"kind": "demo"}, "features": {"kind": "mfcc39"}}
    model = {"kind": "cnn_phoneme"}
    with pytest.raises(
        ValidationError, match="cnn_phoneme reads phonemes, and pocketsphinx gives"
    ):
        Experiment.model_validate({**settings, "model": model, "transcript": ENGINE.model_dump()})
    Experiment.model_validate({**settings, "model": model, "transcript": ALIGN.model_dump()})


def test_google_v2_needs_a_project_and_v1_reads_no_location() -> None:
    with pytest.raises(ValidationError, match="project is empty, and api v2 needs it"):
        GoogleSpeechConfig()
    with pytest.raises(ValidationError, match="location is eu, and only api v2 reads it"):
        GoogleSpeechConfig(api="v1", location="eu")
