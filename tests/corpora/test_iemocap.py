"""IEMOCAP's release tree, read; each quirk of the real one is a test."""

import pytest

from ser_platform.errors import CorpusError
from ser_platform.utterance import Dimensions, Phoneme, Word


def test_a_turn_is_read_with_speaker_session_emotion_transcript_and_words_in_time(tree) -> None:
    utterance = tree.one("Ses01F_impro01_F000")
    assert (utterance.speaker, utterance.session, utterance.emotion) == ("Ses01F", 1, "neu")
    assert utterance.dialogue == "Ses01F_impro01"
    assert utterance.transcript == "Excuse me."
    assert utterance.audio == str(tree.audio("Ses01F_impro01", "F000"))
    assert utterance.words == (
        Word("excuse", 0.1, 0.3, (Phoneme("EH", 0.1, 0.2), Phoneme("K", 0.2, 0.3))),
        Word("me", 0.3, 0.5, (Phoneme("EH", 0.3, 0.4), Phoneme("K", 0.4, 0.5))),
    )


def test_the_speaker_is_the_letter_of_the_last_part_not_of_the_dialogue(tree) -> None:
    tree.turn("Ses02M_script01_1", "F003", "ang")
    assert tree.one("Ses02M_script01_1_F003").speaker == "Ses02F"
    assert len({u.speaker for u in tree.read().utterances}) == 10


@pytest.mark.parametrize(
    ("dialogue", "scenario", "style"),
    [
        ("Ses01F_impro01", "impro01", "improvised"),
        ("Ses03M_impro05a", "impro05", "improvised"),
        ("Ses03M_impro05b", "impro05", "improvised"),
        ("Ses03M_impro08a", "impro08", "improvised"),
        ("Ses03M_impro08b", "impro08", "improvised"),
        ("Ses04F_script03_2", "script03_2", "scripted"),
        ("Ses05M_script01_1b", "script01_1", "scripted"),
    ],
)
def test_a_dialogues_name_tells_speaker_scenario_and_style_also_where_it_is_irregular(
    tree, dialogue, scenario, style
) -> None:
    tree.turn(dialogue, "F001", "sad")
    utterance = tree.one(f"{dialogue}_F001")
    assert utterance.speaker == f"{dialogue[:5]}F"
    assert (utterance.dialogue, utterance.scenario, utterance.style) == (dialogue, scenario, style)


def test_ratings_are_the_means_of_the_label_line_and_the_votes_of_those_who_listened(tree) -> None:
    utterance = tree.one("Ses01F_impro01_F000")
    assert utterance.dimensions == Dimensions(valence=2.5, activation=2.5, dominance=2.5)
    # E3 gave two categories; C-F1 is the actress on herself.
    assert utterance.votes == ("Neutral", "Happiness", "Excited")


def test_however_many_raters_there_are_their_lines_belong_to_the_turn_above(tree) -> None:
    means = "[1.5, 4.0, 3.3333]"
    lines = [
        f"[1.0 - 2.0]\tSes01F_impro01_F001\tneu\t{means}",
        *(f"C-E{i}:\tNeutral state;\t(a; C-E9: b)" for i in range(1, 6)),
        "C-E6:\tOther; ;\t()",
        "A-E1:\tval 3; act 2; dom  ;\t()",
        f"[2.0 - 3.0]\tSes01F_impro01_F002\tneu\t{means}",
        "",
        "C-E1:\tAnger;\t()",
    ]
    tree.append(tree.labels("Ses01F_impro01"), "\n".join(lines) + "\n")
    for turn in ("F001", "F002"):
        line = f"Ses01F_impro01_{turn} [001.0-002.0]: No.\n"
        tree.append(tree.transcript("Ses01F_impro01"), line)
        tree.write(tree.audio("Ses01F_impro01", turn), tree.wav)
        tree.align("Ses01F_impro01", turn, "No.")
    rated, silent = (tree.one(f"Ses01F_impro01_F00{i}") for i in (1, 2))
    assert rated.votes == ("Neutral state",) * 5 + ("Other",)
    assert rated.dimensions == Dimensions(1.5, 4.0, 3.3333)
    assert silent.votes == ()


def test_means_that_are_no_three_numbers_are_refused_with_file_and_line(tree) -> None:
    line = "[1.0 - 2.0]\tSes01F_impro01_F001\tneu\t[2.5, nan, 2.5]\n"
    tree.append(tree.labels("Ses01F_impro01"), line)
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert str(error.value) == (
        f"{tree.root}: 1 problem\n"
        f"  {tree.labels('Ses01F_impro01')}, line 17: Ses01F_impro01_F001: expected '[V, A, D]', "
        "found '[2.5, nan, 2.5]'"
    )


def test_one_style_is_read_alone_and_what_is_left_out_is_noted(tree) -> None:
    for turn, code in enumerate(["ang", "hap", "fru"]):
        tree.turn("Ses04F_script03_2", f"M{turn:03}", code)
    scripted = tree.read(style="scripted")
    assert [u.id for u in scripted.utterances] == [
        "Ses04F_script03_2_M000",
        "Ses04F_script03_2_M001",
    ]
    assert scripted.notes[:2] == (
        "10 utterances of other dialogues left out (corpus.style: scripted)",
        "1 utterances of other emotions left out: fru 1",
    )
    assert {u.style for u in tree.read(style="improvised").utterances} == {"improvised"}


def test_excited_is_merged_into_happy_and_other_emotions_are_left_out_with_a_note(tree) -> None:
    for turn, code in enumerate(["ang", "hap", "exc", "neu", "sad", "fru", "xxx", "fru", "oth"]):
        tree.turn("Ses04F_script03_2", f"M{turn:03}", code)
    corpus = tree.read()
    ours = [u.emotion for u in corpus.utterances if u.dialogue == "Ses04F_script03_2"]
    assert ours == ["ang", "hap", "hap", "neu", "sad"]
    assert corpus.notes == ("4 utterances of other emotions left out: fru 2, xxx 1, oth 1",)


def test_an_unknown_emotion_is_refused_with_file_and_line(tree) -> None:
    tree.turn("Ses01F_impro01", "F001", "nue")
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert str(error.value) == (
        f"{tree.root}: 1 problem\n"
        f"  {tree.labels('Ses01F_impro01')}, line 17: Ses01F_impro01_F001: unknown emotion 'nue'; "
        "did you mean 'neu'? (known: ang, hap, exc, neu, sad, fru, sur, fea, dis, oth, xxx)"
    )


def test_single_raters_votes_in_subfolders_and_apple_double_files_are_not_labels(tree) -> None:
    labels = tree.labels("Ses01F_impro01")
    tree.write(labels.parent / "._Ses01F_impro01.txt", b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
    for folder in ("Attribute", "Categorical", "Self-evaluation"):
        tree.write(labels.parent / folder / "Ses01F_impro02.txt", "not labels at all\n")
    assert len(tree.read().utterances) == 10


def test_a_label_file_without_its_first_line_is_refused(tree) -> None:
    tree.write(tree.labels("Ses01F_impro01"), "something else\n")
    with pytest.raises(
        CorpusError, match=r"line 1: expected '% \[START_TIME \.\.\.', found 'something else'"
    ):
        tree.read()


def test_a_label_of_another_dialogue_is_refused_with_file_and_line(tree) -> None:
    line = "[1.0000 - 2.0000]\tSes01F_impro02_F000\tneu\t[2.5, 2.5, 2.5]\n"
    tree.append(tree.labels("Ses01F_impro01"), line)
    with pytest.raises(
        CorpusError,
        match=r"Ses01F_impro01\.txt, line 17: 'Ses01F_impro02_F000' is not an utterance of "
        r"dialogue Ses01F_impro01 in session 1",
    ):
        tree.read()


def test_transcriptions_may_be_unsorted_and_hold_remarks_colons_noises_and_unrated_turns(
    tree,
) -> None:
    tree.turn("Ses02F_impro02", "M001", "ang", "Well: [LAUGHTER] it's 5:30 [BREATHING] now.")
    tree.turn("Ses02F_impro02", "F000", "ang", "Is it?")
    tree.append(tree.transcript("Ses02F_impro02"), "M: sorry\n\n")
    tree.append(tree.transcript("Ses02F_impro02"), "Ses02F_impro02_FXX0 [001.0-002.0]: Mm.\n")
    assert tree.one("Ses02F_impro02_M001").transcript == "Well: it's 5:30 now."
    assert tree.one("Ses02F_impro02_F000").transcript == "Is it?"
    assert "Ses02F_impro02_FXX0" not in {u.id for u in tree.read().utterances}


def test_a_turn_of_laughter_only_is_kept_without_words_and_noted(tree) -> None:
    tree.turn("Ses02F_impro02", "M001", "hap", "[LAUGHTER]")
    rows = [(0, 40, "<s>"), (41, 90, "++LAUGHTER++"), (91, 99, "</s>")]
    tree.segments("Ses02F_impro02", "M001", "wdseg", rows)
    utterance = tree.one("Ses02F_impro02_M001")
    assert (utterance.transcript, utterance.words) == ("", ())
    assert tree.read().notes == (
        "no word in the transcript of 1 of 11 utterances: Ses02F_impro02_M001",
    )


def test_a_labelled_turn_without_a_transcript_is_refused(tree) -> None:
    tree.turn("Ses02F_impro02", "M001", "ang")
    tree.transcript("Ses02F_impro02").write_text("M: sorry\n")
    with pytest.raises(CorpusError, match="Ses02F_impro02_M001: not in the transcriptions of its"):
        tree.read()


def test_text_that_is_not_utf8_is_refused_with_file_and_line(tree) -> None:
    path = tree.transcript("Ses01F_impro01")
    path.write_bytes(path.read_bytes() + b"M: caf\xe9\n")
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert f"{path}, line 3: not UTF-8 text (byte 0xe9); save it as UTF-8" in str(error.value)


def test_frames_are_10_ms_with_an_inclusive_end(tree) -> None:
    rows = [(0, 40, "<s>"), (41, 72, "EXCUSE"), (133, 146, "ME"), (147, 160, "</s>")]
    tree.segments("Ses01F_impro01", "F000", "wdseg", rows)
    words = tree.one("Ses01F_impro01_F000").words
    assert [(w.start_s, w.end_s) for w in words] == [(0.41, 0.73), (1.33, 1.47)]


def test_pronunciation_variants_fillers_and_silences_are_stripped(tree) -> None:
    rows = [
        (0, 9, "<s>"),
        (10, 29, "WHAT(2)"),
        (30, 39, "<sil>"),
        (40, 59, "++BREATHING++"),
        (60, 79, "I'M"),
        (80, 99, "</s>"),
    ]
    tree.segments("Ses01F_impro01", "F000", "wdseg", rows)
    assert [w.text for w in tree.one("Ses01F_impro01_F000").words] == ["what", "i'm"]


def test_the_phone_is_column_four_of_four_or_seven_and_belongs_to_the_word_of_its_centre(
    tree,
) -> None:
    phones = [(0, 9, "SIL"), (10, 21, "AH SIL B b"), (22, 45, "B"), (46, 49, "+NOISE+")]
    tree.segments("Ses01F_impro01", "F000", "phseg", phones)
    first, second = tree.one("Ses01F_impro01_F000").words
    assert [p.symbol for p in first.phonemes] == ["AH"]
    assert second.phonemes == (Phoneme("B", 0.22, 0.46), Phoneme("+NOISE+", 0.46, 0.5))


def test_words_without_a_phoneme_file_are_one_phoneme_each_and_noted(tree) -> None:
    tree.alignment("Ses01F_impro01", "F000", "phseg").unlink()
    word = tree.one("Ses01F_impro01_F000").words[0]
    assert word.phonemes == (Phoneme("SPN", word.start_s, word.end_s),)
    assert tree.read().notes == (
        "words without phoneme times, each taken as one phoneme, in 1 of 10 utterances: "
        "Ses01F_impro01_F000",
    )


def test_a_broken_alignment_row_is_refused_with_file_and_line(tree) -> None:
    path = tree.alignment("Ses01F_impro01", "F000", "wdseg")
    tree.append(path, "\t   50  x60    -1 LATE\n")
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert str(error.value) == (
        f"{tree.root}: 1 problem\n"
        f"  {path}, line 6: expected 'SFrm EFrm SegAScr Name', found '50  x60    -1 LATE'"
    )


def test_the_utterance_that_the_release_has_no_alignment_for_is_always_spread_evenly(tree) -> None:
    tree.turn("Ses03M_impro03", "M001", "hap", "Esmeralda, guess what?")
    tree.alignment("Ses03M_impro03", "M001", "wdseg").unlink()
    words = tree.one("Ses03M_impro03_M001", missing_alignment="refuse").words
    assert [w.text for w in words] == ["esmeralda", "guess", "what"]
    assert [w.end_s for w in words] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert tree.read().notes == (
        "no word times in 1 of 11 utterances, their words are spread evenly over the recording: "
        "Ses03M_impro03_M001",
    )


def test_any_other_missing_alignment_is_refused_with_the_remedy(tree) -> None:
    tree.alignment("Ses01F_impro01", "F000", "wdseg").unlink()
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert str(error.value) == (
        f"{tree.root}: 1 problem\n"
        "  no word times for 1 of 10 utterances: Ses01F_impro01_F000; add them to the alignment, "
        "have them found (corpus.missing_alignment: align), or spread the words evenly over each "
        "recording with corpus.missing_alignment: even"
    )
    assert len(tree.one("Ses01F_impro01_F000", missing_alignment="even").words) == 2


def test_words_without_times_can_be_left_to_the_forced_aligner(tree) -> None:
    tree.turn("Ses03M_impro03", "M001", "hap", "Esmeralda, guess what?")
    for utterance in (("Ses03M_impro03", "M001"), ("Ses01F_impro01", "F000")):
        tree.alignment(*utterance, "wdseg").unlink()
    corpus = tree.read(missing_alignment="align")
    assert [u.id for u in corpus.utterances if not u.words] == [
        "Ses01F_impro01_F000",
        "Ses03M_impro03_M001",
    ]
    assert corpus.notes == (
        "no word times in 2 of 11 utterances, left to the forced aligner: "
        "Ses01F_impro01_F000, Ses03M_impro03_M001",
    )


def test_missing_and_empty_recordings_are_refused_together_with_their_paths(tree) -> None:
    tree.audio("Ses01F_impro01", "F000").unlink()
    tree.audio("Ses02F_impro01", "M000").write_bytes(b"")
    with pytest.raises(CorpusError) as error:
        tree.read()
    assert str(error.value) == (
        f"{tree.root}: 2 problems\n"
        "  Ses01F_impro01_F000: its recording is missing: "
        f"{tree.audio('Ses01F_impro01', 'F000')}\n"
        "  Ses02F_impro01_M000: its recording is empty (0 bytes): "
        f"{tree.audio('Ses02F_impro01', 'M000')}; copy it again"
    )


def test_of_many_problems_the_first_twenty_are_listed_and_the_rest_counted(tree) -> None:
    for turn in range(25):
        tree.turn("Ses01F_impro02", f"F{turn:03}", "neu")
        tree.audio("Ses01F_impro02", f"F{turn:03}").unlink()
    with pytest.raises(CorpusError) as error:
        tree.read()
    lines = str(error.value).splitlines()
    assert len(lines) == 22
    assert lines[0] == f"{tree.root}: 25 problems"
    assert lines[-1] == "  ... and 5 more"


def test_a_folder_that_is_not_there_says_what_it_should_hold(tree) -> None:
    gone = tree.root / "gone"
    with pytest.raises(CorpusError) as error:
        tree.__class__(gone, b"").read()
    assert str(error.value) == (
        f"{gone}: no such folder; it should hold Session1 to Session5 of the IEMOCAP release "
        "(corpus.root)"
    )


def test_the_folder_above_the_release_says_what_was_found_and_where_to_look(tree) -> None:
    above = tree.root.parent
    with pytest.raises(CorpusError) as error:
        tree.__class__(above, b"").read()
    assert str(error.value) == (
        f"{above}: Session1, Session2, Session3, Session4, Session5 not found; it should hold "
        "Session1 to Session5 of the IEMOCAP release (corpus.root), found IEMOCAP_full_release; "
        f"did you mean {tree.root}?"
    )
