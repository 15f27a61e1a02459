"""What a recogniser heard, in the place of what was said."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_platform.config.transcript import OracleConfig, RecognisedConfig
from ser_platform.corpora.base import Corpus
from ser_platform.errors import CorpusError
from ser_platform.transcripts import with_transcripts
from ser_platform.utterance import Utterance, Word

SAID = (Word("well", 0.1, 0.4), Word("then", 0.4, 0.8))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Two utterances of one second."""
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    audio = str(tmp_path / "a.wav")
    made = [Utterance(id_, audio, "s", 1, "neu", "Well then.", SAID) for id_ in ("a", "b")]
    return Corpus("mine", tuple(made), synthetic=False, notes=("a note",))


@pytest.fixture
def heard(tmp_path: Path, corpus: Corpus):
    """The corpus with what the files say: their rows, without headers."""

    def read(texts: list[str], times: list[str] | None = None) -> Corpus:
        path, words = tmp_path / "asr.csv", tmp_path / "words.csv"
        path.write_text("\n".join(["utterance_id,transcript", *texts]))
        words.write_text("\n".join(["utterance_id,start_s,end_s,symbol", *(times or [])]))
        config = RecognisedConfig(path=str(path), words="" if times is None else str(words))
        return with_transcripts(corpus, config)

    return read


def test_the_oracle_is_the_corpus_as_it_is(corpus) -> None:
    assert with_transcripts(corpus, OracleConfig()) is corpus


def test_recognised_words_stand_in_the_place_of_those_that_were_said(heard) -> None:
    a, b = heard(["a,Will den!", "b,"]).utterances
    assert a.transcript == "Will den!"
    assert [(w.text, w.start_s, w.end_s) for w in a.words] == [("will", 0, 0.5), ("den", 0.5, 1)]
    assert (b.transcript, b.words) == ("", ())


def test_what_was_left_out_is_noted_behind_the_notes_of_the_corpus(heard) -> None:
    first, strangers, silent = heard(["a,Well", "b,", "c,Hm"]).notes
    assert first == "a note"
    assert strangers.endswith(
        "asr.csv: 1 rows of utterances that are not in the corpus left out: c"
    )
    assert silent == "nothing was recognised in 1 utterances: b"


def test_times_are_those_of_the_recogniser(heard) -> None:
    a, b = heard(["a,well ten", "b,"], ["a,0.1,0.3,well", "a,0.3,0.9,ten"]).utterances
    assert [(w.text, w.start_s, w.end_s) for w in a.words] == [
        ("well", 0.1, 0.3),
        ("ten", 0.3, 0.9),
    ]
    assert b.words == ()


def test_every_utterance_needs_its_row_and_only_one(heard) -> None:
    with pytest.raises(CorpusError) as refused:
        heard(["a,Well", "a,Will"])
    assert [line.split("asr.csv, ")[-1] for line in str(refused.value).splitlines()[1:]] == [
        "line 3: 'a' is there twice",
        "  no row for 1 of 2 utterances: b; where nothing was recognised the transcript is empty, "
        "but the row is there",
    ]


def test_text_and_times_must_hold_the_same_words(heard) -> None:
    with pytest.raises(
        CorpusError, match=r"a: .*asr\.csv says 'well', .* has the words 'well ten'"
    ):
        heard(["a,well", "b,"], ["a,0.1,0.3,well", "a,0.3,0.9,ten"])


def test_times_beyond_the_recording_are_refused(heard) -> None:
    with pytest.raises(CorpusError, match=r"a: its words end at 900 s, its recording ends at 1 s"):
        heard(["a,well", "b,"], ["a,100,900,well"])
