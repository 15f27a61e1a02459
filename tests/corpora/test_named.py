"""EmoDB, RAVDESS and CREMA-D: file names say everything."""

import pytest

from ser_platform.config.corpus import CremadCorpusConfig, EmodbCorpusConfig, RavdessCorpusConfig
from ser_platform.corpora import read_corpus
from ser_platform.errors import CorpusError
from tests.corpora import trees


def rows(corpus) -> list[tuple]:
    return [(u.id, u.speaker, u.session, u.sex, u.emotion, u.scenario) for u in corpus.utterances]


@pytest.fixture
def root(tmp_path):
    return tmp_path / "corpus"


def test_emodbs_names_tell_actor_sentence_and_emotion(root) -> None:
    config = EmodbCorpusConfig(root=str(trees.emodb(root)), missing_alignment="even")
    corpus = read_corpus(config)
    assert rows(corpus) == [
        ("03a01Fa", "03", 3, "M", "hap", "a01"),
        ("03a05Wa", "03", 3, "M", "ang", "a05"),
        ("08b10Nb", "08", 8, "F", "neu", "b10"),
        ("16a02Tc", "16", 16, "F", "sad", "a02"),
    ]
    assert {u.style for u in corpus.utterances} == {"scripted"}
    assert "schwarze Blatt Papier" in corpus.utterances[1].transcript  # published: Stück
    assert corpus.notes[0] == (
        "3 utterances of other emotions left out: disgust 1, boredom 1, fear 1"
    )


def test_flac_in_the_root_is_read_and_other_names_are_noted(root) -> None:
    trees.sounds(root, ["03a01Fa", "noise", "._03a01Wa"], ".flac")
    corpus = read_corpus(EmodbCorpusConfig(root=str(root), missing_alignment="align"))
    assert [u.id for u in corpus.utterances] == ["03a01Fa"]
    assert corpus.notes[0] == "1 recordings of other names left out: noise.flac"


def test_a_recording_that_is_there_twice_is_refused(root) -> None:
    trees.sounds(trees.emodb(root) / "wav", ["03a01Fa"], ".flac")
    with pytest.raises(CorpusError, match=r"03a01Fa: two recordings, .*\.flac and .*\.wav"):
        read_corpus(EmodbCorpusConfig(root=str(root), missing_alignment="even"))


def test_a_folder_with_none_says_what_it_should_hold(root) -> None:
    trees.sounds(root / "Angry", ["03a01Wa"])
    with pytest.raises(CorpusError) as error:
        read_corpus(EmodbCorpusConfig(root=str(root)))
    assert str(error.value) == (
        f"{root}: no recording found; it should hold EmoDB's recordings, such as 03a01Fa.wav, or "
        "wav/ with them (corpus.root), found Angry"
    )
    with pytest.raises(CorpusError, match=r"no such folder; it should hold Actor_01 to Actor_24"):
        read_corpus(RavdessCorpusConfig(root=str(root / "gone")))


def test_ravdess_gives_speech_of_four_emotions_without_calm(root) -> None:
    config = RavdessCorpusConfig(root=str(trees.ravdess(root)), missing_alignment="even")
    corpus = read_corpus(config)
    assert rows(corpus)[:5] == [
        ("03-01-01-01-02-01-01", "Actor_01", 1, "M", "neu", "statement 02"),
        ("03-01-01-01-02-01-02", "Actor_02", 2, "F", "neu", "statement 02"),
        ("03-01-01-01-02-01-24", "Actor_24", 24, "F", "neu", "statement 02"),
        ("03-01-03-01-02-01-01", "Actor_01", 1, "M", "hap", "statement 02"),
        ("03-01-03-01-02-01-02", "Actor_02", 2, "F", "hap", "statement 02"),
    ]
    assert corpus.utterances[0].transcript == "Dogs are sitting by the door."
    assert corpus.notes[:2] == (
        "3 recordings of song, or of a video's sound, left out",
        "12 utterances of other emotions left out: calm 3, fearful 3, disgust 3, surprised 3",
    )


def test_calm_can_be_merged_into_neutral(root) -> None:
    trees.ravdess(root)
    config = RavdessCorpusConfig(root=str(root), calm="neutral", missing_alignment="even")
    emotions = [u.emotion for u in read_corpus(config).utterances]
    assert [emotions.count(e) for e in ("ang", "hap", "neu", "sad")] == [3, 3, 6, 3]


def test_a_folder_that_an_archive_repeats_is_read_once(root) -> None:
    trees.ravdess(root)
    trees.ravdess(root / "audio_speech_actors_01-24")
    config = RavdessCorpusConfig(root=str(root), missing_alignment="even")
    assert len(read_corpus(config).utterances) == 12


def test_cremad_is_read_with_its_texts_and_the_actors_sex_if_known(root) -> None:
    config = CremadCorpusConfig(root=str(trees.cremad(root)), missing_alignment="even")
    assert rows(read_corpus(config)) == [
        ("1001_DFA_ANG_XX", "1001", 1001, "", "ang", "DFA"),
        ("1001_IEO_HAP_HI", "1001", 1001, "", "hap", "IEO"),
        ("1002_TSI_NEU_XX", "1002", 1002, "", "neu", "TSI"),
        ("1040_ITH_SAD_X", "1040", 1040, "", "sad", "ITH"),
    ]
    header = "ActorID,Age,Sex,Race,Ethnicity\n"
    people = "1001,51,Male,Caucasian,Not Hispanic\n1002,21,Female,Caucasian,Not Hispanic\n"
    path = root / "VideoDemographics.csv"
    path.write_text(f"{header}{people}1040,42,Male,Asian,Not Hispanic\n")
    corpus = read_corpus(config)
    assert [u.sex for u in corpus.utterances] == ["M", "M", "F", "M"]
    assert corpus.utterances[3].transcript == "I think I have a doctor's appointment."
    path.write_text(f"{header}{people}")
    with pytest.raises(CorpusError, match=r"VideoDemographics\.csv: no row for actor 1040"):
        read_corpus(config)


def test_without_times_the_policy_refuses_and_names_the_remedy(root) -> None:
    with pytest.raises(CorpusError, match=r"no word times for 4 of 4 .*missing_alignment: even"):
        read_corpus(CremadCorpusConfig(root=str(trees.cremad(root))))
