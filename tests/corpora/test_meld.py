"""MELD: three tables, three folders, and text that went through wrong encodings."""

import pytest

from ser_platform.config.corpus import MeldCorpusConfig
from ser_platform.corpora import read_corpus
from ser_platform.errors import CorpusError
from tests.corpora import trees


@pytest.fixture
def root(tmp_path):
    return trees.meld(tmp_path / "MELD")


def read(root):
    return read_corpus(MeldCorpusConfig(root=str(root), missing_alignment="even"))


def test_dialogues_are_told_apart_over_the_parts_and_speakers_are_not(root) -> None:
    corpus = read(root)
    assert [(u.id, u.speaker, u.session, u.emotion) for u in corpus.utterances] == [
        ("dev_dia0_utt0", "Joey", 2, "neu"),
        ("test_dia0_utt0", "Ross", 3, "sad"),
        ("train_dia0_utt0", "Ross", 1, "ang"),
        ("train_dia0_utt1", "Rachel", 1, "hap"),
    ]
    assert corpus.utterances[3].dialogue == "train_dia0"
    assert corpus.notes[0] == "1 utterances of other emotions left out: surprise 1"


def test_the_folder_names_of_the_raw_release_are_accepted(tmp_path) -> None:
    names = ("train_splits", "dev/dev_splits_complete", "output_repeated_splits_test")
    assert len(read(trees.meld(tmp_path / "raw", names)).utterances) == 4


@pytest.mark.parametrize(
    ("written", "note"),
    [
        (b"Don\x92t \x96 caf\xe9.", "not UTF-8, read as Windows-1252"),
        (
            b"Don\xc2\x92t \xc2\x96 caf\xc3\xa9.",
            "characters of a wrong encoding mended on 1 lines",
        ),
        (
            b"Don\xc3\xa2\xe2\x82\xac\xe2\x84\xa2t \xc3\xa2\xe2\x82\xac\xe2\x80\x9c "
            b"caf\xc3\x83\xc2\xa9.",
            "characters of a wrong encoding mended on 1 lines",
        ),
    ],
)
def test_text_of_a_wrong_encoding_is_mended_and_noted(root, written, note) -> None:
    row = trees.meld_row("@", "Joey", "neutral", 0, 0).encode().replace(b"@", written)
    (root / "dev_sent_emo.csv").write_bytes(trees.MELD_HEADER.encode() + b"\n" + row + b"\n")
    corpus = read(root)
    assert corpus.utterances[0].transcript == "Don\u2019t \u2013 caf\u00e9."
    assert f"{root / 'dev_sent_emo.csv'}: {note}" in corpus.notes


def test_turns_of_several_speakers_at_once_are_left_out(root) -> None:
    rows = [
        trees.meld_row("Hi!", speaker, "joy", 0, turn)
        for turn, speaker in enumerate(["Sandy", "Ross and Joey", "All"])
    ]
    (root / "dev_sent_emo.csv").write_text("\n".join([trees.MELD_HEADER, *rows]))
    corpus = read(root)
    assert corpus.utterances[0].speaker == "Sandy"
    assert "2 utterances of several speakers at once left out: Ross and Joey, All" in corpus.notes


def test_what_is_wrong_is_named_with_file_and_line_all_at_once(root) -> None:
    row = trees.meld_row("Hi!", "", "joyful", 0, 0).replace("neutral,0,", "neutral,x,")
    (root / "dev_sent_emo.csv").write_text(f"{trees.MELD_HEADER}\n{row}\n")
    (root / "test_sent_emo.csv").unlink()
    with pytest.raises(CorpusError) as error:
        read(root)
    assert str(error.value).replace(str(root), "<root>") == (
        "<root>: 4 problems\n"
        "  <root>/dev_sent_emo.csv, line 2: Dialogue_ID is 'x', not a whole number\n"
        "  <root>/dev_sent_emo.csv, line 2: unknown emotion 'joyful'; did you mean 'joy'? (known: "
        "anger, joy, neutral, sadness, surprise, fear, disgust)\n"
        "  <root>/dev_sent_emo.csv, line 2: Speaker is empty\n"
        "  <root>/test_sent_emo.csv: no such file; <root> holds dev, dev_sent_emo.csv, test, "
        "train, train_sent_emo.csv"
    )


def test_a_folder_of_videos_says_how_to_take_the_sound_out(root) -> None:
    for path in (root / "dev").iterdir():
        path.rename(path.with_suffix(".mp4"))
    with pytest.raises(CorpusError, match=r"dev holds videos: write the sound .*ffmpeg -i dia0"):
        read(root)


def test_a_missing_recording_is_refused_unless_meld_itself_lost_it(root) -> None:
    rows = [trees.meld_row("Hi.", "Joey", "joy", 110, turn) for turn in (6, 7)]
    (root / "dev_sent_emo.csv").write_text("\n".join([trees.MELD_HEADER, *rows]))
    with pytest.raises(
        CorpusError, match=r": 1 problem\n  dev_dia110_utt6: its recording is miss"
    ):
        read(root)
    trees.sounds(root / "dev", ["dia110_utt6"])
    assert "dev_dia110_utt7: left out, MELD itself has no recording" in read(root).notes
