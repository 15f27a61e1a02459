"""A database that the library itself wrote."""

import sys

import pytest

from ser_platform.config.corpus import AudformatCorpusConfig
from ser_platform.corpora import read_corpus
from ser_platform.errors import CorpusError
from tests.corpora import trees

SETTINGS = {
    "table": "emotion",
    "files_table": "files",
    "transcript_column": "transcription",
    "labels": {"anger": "ang", "happiness": "hap", "neutral": "neu"},
    "ignore_labels": ("boredom",),
    "missing_alignment": "even",
}


@pytest.fixture
def root(tmp_path):
    return trees.audformat_database(tmp_path / "db")


def read(root, **settings):
    return read_corpus(AudformatCorpusConfig(root=str(root), **{**SETTINGS, **settings}))


def test_labels_speakers_and_sentences_are_joined_by_file(root) -> None:
    corpus = read(root)
    assert corpus.name == "berlin"
    assert [(u.id, u.speaker, u.session, u.sex, u.emotion) for u in corpus.utterances] == [
        ("03a01Fa", "3", 1, "M", "hap"),
        ("03a02Wa", "3", 1, "M", "ang"),
        ("08a01Na", "8", 2, "F", "neu"),
    ]
    first = corpus.utterances[0]
    assert first.transcript == "Der Lappen liegt auf dem Eisschrank."
    assert (first.scenario, first.style) == ("a01", "scripted")
    assert corpus.notes[0] == "1 files left out by corpus.ignore_labels: boredom 1"


def test_tables_columns_and_labels_that_are_not_known_are_named(root) -> None:
    with pytest.raises(CorpusError) as error:
        read(root, table="emotions", speaker_column="spk")
    assert str(error.value).splitlines()[1:] == [
        "  no table 'emotions' (corpus.table, corpus.files_table); found emotion, files, parts; "
        "did you mean 'emotion'?",
        "  table 'files' has no column 'spk' (corpus.speaker_column); found speaker, "
        "transcription; did you mean 'speaker'?",
    ]
    with pytest.raises(CorpusError, match=r"table 'parts' is segmented"):
        read(root, table="parts")
    with pytest.raises(CorpusError, match=r"table 'emotion', wav/08a02La.wav: label 'boredom' in"):
        read(root, ignore_labels=())


def test_what_is_pickled_or_makes_objects_is_not_opened(root) -> None:
    (root / "db.emotion.pkl").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"db\.emotion\.pkl: pickled tables are not read"):
        read(root)
    (root / "db.emotion.pkl").unlink()
    header = (root / "db.yaml").read_text()
    (root / "db.yaml").write_text(header + "\nmeta: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(CorpusError, match=r"db\.yaml: no header of audformat"):
        read(root)


def test_without_the_library_the_command_that_installs_it_is_given(root, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "audformat", None)
    with pytest.raises(CorpusError, match=r"pip install 'ser-platform\[audformat\]'"):
        read(root)
