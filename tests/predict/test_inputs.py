"""Which recordings are asked about, and what is known of their words."""

from pathlib import Path

import pytest

from ser_platform.errors import ConfigError, CorpusError
from ser_platform.predict.inputs import Asked, asked
from ser_platform.utterance import Phoneme, Word


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.wav", "a.FLAC", "notes.txt", "deep/c.mp3"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def names(found: list[Asked], folder: Path) -> list[str]:
    return [one.path.relative_to(folder).as_posix() for one in found]


def test_files_are_asked_in_their_order_and_folders_through_and_through(folder: Path) -> None:
    found = asked([str(folder / "b.wav"), str(folder)], None, None)
    assert names(found, folder) == ["b.wav", "a.FLAC", "b.wav", "deep/c.mp3"]
    assert {(one.text, one.words) for one in found} == {(None, None)}


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no file in this folder ends in \.wav, \.flac"):
        asked([str(tmp_path)], None, None)


def test_a_manifest_names_recordings_from_its_own_folder_and_what_they_say(folder: Path) -> None:
    manifest = folder / "list.csv"
    manifest.write_text("transcript,file\nwell then,b.wav\n,deep/c.mp3\n")
    found = asked([str(manifest)], None, None)
    assert names(found, folder) == ["b.wav", "deep/c.mp3"]
    assert [one.text for one in found] == ["well then", None]


def test_a_manifest_without_a_column_of_files_is_refused(folder: Path) -> None:
    (folder / "list.csv").write_text("name\nb.wav\n")
    with pytest.raises(CorpusError, match="no column 'file' or 'recording'"):
        asked([str(folder / "list.csv")], None, None)


def test_a_text_is_for_one_recording(folder: Path) -> None:
    (one,) = asked([str(folder / "b.wav")], "well then", None)
    assert one.text == "well then"
    with pytest.raises(ConfigError, match="--text says what is in one recording, and 3 are asked"):
        asked([str(folder)], "well then", None)


def test_transcripts_come_by_the_name_of_the_recording(folder: Path) -> None:
    texts = folder / "texts.csv"
    texts.write_text("utterance_id,transcript\na,Oh no!\nb,well then\nc,\n")
    found = asked([str(folder)], None, str(texts))
    assert [(one.text, one.words) for one in found] == [
        ("Oh no!", None),
        ("well then", None),
        ("", None),
    ]


def test_two_recordings_of_one_name_are_not_told_apart(folder: Path) -> None:
    (folder / "deep" / "a.wav").touch()
    texts = folder / "texts.csv"
    texts.write_text("utterance_id,transcript\na,Oh no!\nb,\nc,\n")
    with pytest.raises(CorpusError, match=r"a\.FLAC and .*deep/a\.wav: the same name, 'a'"):
        asked([str(folder)], None, str(texts))
    # The same one twice is no other.
    again = [str(folder / "b.wav")] * 2
    assert [one.text for one in asked(again, None, str(texts))] == ["", ""]


def test_a_ctm_brings_times(folder: Path) -> None:
    (folder / "b.ctm").write_text("b 1 0.10 0.30 well\nb 1 0.40 0.30 then\n")
    (one,) = asked([str(folder / "b.wav")], None, str(folder / "b.ctm"))
    assert one.text == "well then"
    assert one.words is not None
    assert one.words[0] == Word("well", 0.1, 0.4, (Phoneme("SPN", 0.1, 0.4),))


def test_a_recording_of_which_nothing_is_said_is_named(folder: Path) -> None:
    texts = folder / "texts.csv"
    texts.write_text("utterance_id,transcript\na,Oh no!\n")
    with pytest.raises(CorpusError) as caught:
        asked([str(folder)], None, str(texts))
    assert "nothing is said of 'b'" in str(caught.value)
    assert "nothing is said of 'c'" in str(caught.value)
