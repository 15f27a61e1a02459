"""A user's own manifest: what is read, and what is said when something is wrong with it."""

import pytest

from ser_platform.errors import CorpusError
from ser_platform.utterance import Phoneme, Word

HEADER = "utterance_id,file,speaker,emotion,transcript"


def refusal(table, **settings) -> str:
    """What is said, with the folder's name shortened to <root>."""
    with pytest.raises(CorpusError) as error:
        table.read(**settings)
    return str(error.value).replace(str(table.root), "<root>")


def test_rows_become_utterances_and_without_sessions_each_speaker_is_one(table) -> None:
    corpus = table.read()
    assert (corpus.name, corpus.synthetic) == ("mine", False)
    assert [(u.id, u.speaker, u.session, u.emotion) for u in corpus.utterances] == [
        ("a", "zoe", 2, "ang"),
        ("b", "zoe", 2, "hap"),
        ("c", "adam", 1, "neu"),
        ("d", "adam", 1, "sad"),
    ]
    assert corpus.utterances[2].transcript == "Yes, I think so."
    assert corpus.utterances[2].audio == str(table.root / "wav" / "c.wav")


def test_a_manifest_saved_by_a_spreadsheet_with_byte_order_mark_and_crlf_is_read(table) -> None:
    path = table.root / "manifest.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(table.read().utterances) == 4


def test_another_manifest_of_the_same_folder_is_another_corpus(table) -> None:
    (table.root / "manifest.csv").rename(table.root / "clean.csv")
    assert table.read(manifest="clean.csv").name == "mine/clean"


def test_own_labels_are_mapped_and_named_ones_left_out_with_a_note(table) -> None:
    table.write(
        "manifest.csv",
        "utterance_id,file,speaker,mood,transcript,session",
        "a,wav/a.wav,zoe,furious,Get out!,3",
        "b,wav/b.wav,zoe,boredom,So what.,3",
    )
    settings = {
        "label_column": "mood",
        "labels": {"furious": "ang"},
        "ignore_labels": ("boredom",),
    }
    corpus = table.read(**settings)
    assert [(u.id, u.emotion, u.session) for u in corpus.utterances] == [("a", "ang", 3)]
    assert "1 rows left out by corpus.ignore_labels" in corpus.notes


def test_word_and_phoneme_times_are_joined_by_utterance(table) -> None:
    table.write(
        "words.csv", "utterance_id,start_s,end_s,symbol", "a,-0.01,0.3,Get", "a,0.3,0.8,out!"
    )
    table.write(
        "phones.csv",
        "utterance_id,start_s,end_s,symbol",
        "a,0.1,0.3,G",
        "a,0.3,0.5,AW",
        "a,0.5,0.8,T",
        "a,0.9,1.0,SIL",
    )
    corpus = table.read(words="words.csv", phonemes="phones.csv")
    assert corpus.utterances[0].words == (
        Word("get", 0.0, 0.3, (Phoneme("G", 0.1, 0.3),)),
        Word("out", 0.3, 0.8, (Phoneme("AW", 0.3, 0.5), Phoneme("T", 0.5, 0.8))),
    )
    assert corpus.notes == (
        "no word times in 3 of 4 utterances, their words are spread evenly over the recording: "
        "b, c, d",
    )


def test_times_in_sphinx_frames_under_an_aligners_own_column_names_are_read(table) -> None:
    table.write(
        "words.csv",
        "utterance_id,word_index,word,start_frame,end_frame,score",
        "a,0,<s>,0,9,-1",
        "a,1,out(2),10,29,-1",
    )
    table.write("phones.csv", "utterance_id,phone,start_frame,end_frame", "a,AW,10,29")
    words = table.read(words="words.csv", phonemes="phones.csv").utterances[0].words
    assert words == (Word("out", 0.1, 0.3, (Phoneme("AW", 0.1, 0.3),)),)


def test_without_times_the_policy_refuse_says_what_to_add(table) -> None:
    assert refusal(table, missing_alignment="refuse") == (
        "<root>: 1 problem\n"
        "  no word times for 4 of 4 utterances: a, b, c, d; add them to the alignment, have them "
        "found (corpus.missing_alignment: align), or spread the words evenly over each recording "
        "with corpus.missing_alignment: even"
    )


def test_missing_columns_are_named_all_at_once_with_the_nearest_found(table) -> None:
    table.write("manifest.csv", "id,file,speakr,Emotion,transcript", "a,wav/a.wav,zoe,ang,Hi")
    found = "found id, file, speakr, Emotion, transcript"
    assert refusal(table) == (
        "<root>/manifest.csv: 3 problems\n"
        f"  <root>/manifest.csv, line 1: no column 'utterance_id'; {found}\n"
        f"  <root>/manifest.csv, line 1: no column 'speaker'; {found}; did you mean 'speakr'?\n"
        f"  <root>/manifest.csv, line 1: no column 'emotion' (corpus.label_column); {found}; "
        "did you mean 'Emotion'?"
    )


def test_a_session_column_that_was_asked_for_must_be_there(table) -> None:
    assert "no column 'fold' (corpus.session_column); found" in refusal(
        table, session_column="fold"
    )


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_than_the_comma_is_named(table, mark, name) -> None:
    table.write("manifest.csv", HEADER.replace(",", mark), f"a{mark}wav/a.wav{mark}zoe")
    assert refusal(table) == (
        f"<root>/manifest.csv, line 1: columns are separated by {name}; separate them by commas "
        '("CSV UTF-8" in a spreadsheet)'
    )


def test_an_unknown_label_is_named_with_its_lines_the_known_ones_and_the_remedy(table) -> None:
    rows = [f"u{i},wav/a.wav,zoe,happy,Hi" for i in range(5)]
    table.write("manifest.csv", HEADER, *rows, "x,wav/b.wav,zoe,,Hi")
    assert refusal(table) == (
        "<root>: 2 problems\n"
        "  <root>/manifest.csv, line 2, 3, 4 and 2 more: label 'happy' in column 'emotion' is not "
        "known; did you mean 'hap'? (known: ang, hap, neu, sad); map it in corpus.labels, or "
        "leave its rows out with corpus.ignore_labels\n"
        "  <root>/manifest.csv, line 7: label '' in column 'emotion' is not known (known: ang, "
        "hap, neu, sad); map it in corpus.labels, or leave its rows out with corpus.ignore_labels"
    )


def test_a_label_map_must_lead_to_our_classes(table) -> None:
    assert refusal(table, labels={"anger": "angry"}) == (
        "corpus.labels: 1 problem\n  'anger: angry': 'angry' is none of ang, hap, neu, sad"
    )


def test_every_bad_row_is_named_with_its_line_and_what_is_wrong_with_it(table) -> None:
    table.write(
        "manifest.csv",
        HEADER + ",session",
        "a,wav/a.wav,zoe,ang,Get out!,1",
        "a,wav/b.wav,zoe,hap,Great.,1",
        "c,../c.wav,adam,neu,Yes.,2",
        "d,/etc/passwd,,sad,No.,two",
        "e,wav/d.wav,adam,sad,Well, no.,2",
        "f,wav/d.wav",
    )
    assert refusal(table) == (
        "<root>: 7 problems\n"
        "  <root>/manifest.csv, line 6: 7 cells, the header has 6 (a comma inside a text needs "
        "quotation marks round the text)\n"
        "  <root>/manifest.csv, line 7: 2 cells, the header has 6\n"
        "  <root>/manifest.csv, line 3: utterance_id 'a' is already on line 2\n"
        "  <root>/manifest.csv, line 4: file '../c.wav' is outside corpus.root; name it relative "
        "to that folder\n"
        "  <root>/manifest.csv, line 5: speaker is empty\n"
        "  <root>/manifest.csv, line 5: file '/etc/passwd' is outside corpus.root; name it "
        "relative to that folder\n"
        "  <root>/manifest.csv, line 5: session is 'two', not a whole number from 1"
    )


def test_a_quotation_mark_left_open_is_named_with_the_line_it_starts_on(table) -> None:
    table.write("manifest.csv", HEADER, 'a,wav/a.wav,zoe,ang,"Get out!', "b,wav/b.wav,zoe,hap,Yes")
    assert refusal(table) == (
        "<root>/manifest.csv, line 2: not valid CSV (unexpected end of data); is a quotation mark "
        "left open?"
    )


def test_lines_are_counted_in_the_file_even_after_a_text_of_several_lines(table) -> None:
    table.write(
        "manifest.csv", HEADER, 'a,wav/a.wav,zoe,ang,"Get', 'out!"', "", "b,wav/b.wav,zoe,glad,Yes"
    )
    assert "line 5: label 'glad'" in refusal(table)


def test_an_empty_manifest_and_a_missing_one_are_told_apart(table) -> None:
    (table.root / "manifest.csv").write_text("")
    assert refusal(table) == ("<root>/manifest.csv: empty; its first line must name the columns")
    (table.root / "manifest.csv").rename(table.root / "list.csv")
    assert refusal(table) == (
        "<root>/manifest.csv: no such file (corpus.manifest); <root> holds list.csv, wav"
    )


def test_a_manifest_in_another_encoding_is_refused_with_its_line(table) -> None:
    text = f"{HEADER}\na,wav/a.wav,zoe,ang,H\u00e4\n"
    (table.root / "manifest.csv").write_bytes(text.encode("latin-1"))
    assert refusal(table) == (
        "<root>/manifest.csv, line 2: not UTF-8 text (byte 0xe4); save it as UTF-8"
    )


def test_a_missing_folder_is_named(table) -> None:
    with pytest.raises(CorpusError, match=r"/gone: no such folder \(corpus\.root\)"):
        table.read(root=str(table.root / "gone"))


def test_missing_recordings_are_named_by_utterance_and_path(table) -> None:
    (table.root / "wav" / "b.wav").unlink()
    assert refusal(table) == ("<root>: 1 problem\n  b: its recording is missing: <root>/wav/b.wav")


def test_bad_times_are_named_with_their_lines(table) -> None:
    table.write(
        "words.csv",
        "utterance_id,start_s,end_s,symbol",
        "a,zero,0.3,Get",
        "a,0.3,nan,out",
        "b,0.5,0.5,That",
    )
    assert refusal(table, words="words.csv") == (
        "<root>: 3 problems\n"
        "  <root>/words.csv, line 2: start_s is 'zero', not a number\n"
        "  <root>/words.csv, line 3: end_s is 'nan', not a number\n"
        "  <root>/words.csv, line 4: 'That' ends at 0.5 s and starts at 0.5 s"
    )


def test_times_in_milliseconds_are_noticed(table) -> None:
    table.write("words.csv", "utterance_id,start_s,end_s,symbol", "a,0,300,Get", "a,300,900,out")
    assert refusal(table, words="words.csv") == (
        "<root>: 1 problem\n"
        "  a: its words end at 900 s, its recording ends at 1 s; are the times seconds from the "
        "start of the recording?"
    )


def test_reversed_phonemes_and_rows_of_strangers_are_left_out_with_a_note(table) -> None:
    table.write("words.csv", "utterance_id,start_s,end_s,symbol", "a,0,0.5,Get", "y,0,1,out")
    table.write("phones.csv", "utterance_id,start_s,end_s,phone", "a,0,0.3,G", "a,0.3,0.29,T")
    corpus = table.read(words="words.csv", phonemes="phones.csv")
    notes = [note.replace(str(table.root), "<root>") for note in corpus.notes]
    assert notes[:2] == [
        "<root>/words.csv: 1 rows of utterances that are not in the manifest left out: y",
        "<root>/phones.csv: 1 phonemes that do not end after their start left out, on lines 3",
    ]


def test_a_times_file_without_its_columns_says_what_it_found(table) -> None:
    table.write("words.csv", "utterance_id,begin,end,text", "a,0,0.3,Get")
    assert refusal(table, words="words.csv") == (
        "<root>/words.csv, line 1: no column 'symbol' or 'word'; found utterance_id, begin, end, "
        "text"
    )


def test_names_are_found_in_either_unicode_form(table) -> None:
    composed, decomposed = "wav/b\u00e4.wav", "wav/ba\u0308.wav"
    (table.root / "wav" / "a.wav").rename(table.root / decomposed)
    (table.root / "wav" / "b.wav").rename(table.root / composed.replace("b", "c"))
    table.write(
        "manifest.csv",
        HEADER,
        f"b\u00e4r,{composed},zoe,ang,Hi",
        f"c\u00e4r,{decomposed.replace('b', 'c')},zoe,hap,Hi",
    )
    table.write("words.csv", "utterance_id,start_s,end_s,symbol", "ba\u0308r,0.1,0.3,Hi")
    first, second = table.read(words="words.csv").utterances
    assert (first.id, first.audio) == ("b\u00e4r", str(table.root / decomposed))
    assert first.words[0].end_s == 0.3
    assert second.audio == str(table.root / "wav" / "c\u00e4.wav")


def test_a_name_that_is_there_in_no_form_is_missing(table) -> None:
    table.write("manifest.csv", HEADER, "a,wav/\u00e4.wav,zoe,ang,Hi")
    assert refusal(table) == (
        "<root>: 1 problem\n  a: its recording is missing: <root>/wav/\u00e4.wav"
    )


def test_overlapping_words_are_noted_and_kept(table) -> None:
    times = ("a,0.1,0.5,Get", "a,0.3,0.8,out", "b,0.1,0.5,That", "b,0.48,0.8,is")
    table.write("words.csv", "utterance_id,start_s,end_s,symbol", *times)
    corpus = table.read(words="words.csv")
    assert "words that overlap by more than 0.05 s in 1 of 4 utterances: a" in corpus.notes
    assert [word.end_s for word in corpus.utterances[0].words] == [0.5, 0.8]


def test_phonemes_outside_every_word_are_left_out_with_a_note_and_silence_without(table) -> None:
    table.write("words.csv", "utterance_id,start_s,end_s,symbol", "a,0.3,0.8,out")
    table.write(
        "phones.csv",
        "utterance_id,start_s,end_s,symbol",
        "a,0,0.1,SIL",
        "a,0.1,0.3,G",
        "a,0.3,0.8,AW",
    )
    notes = table.read(words="words.csv", phonemes="phones.csv").notes
    assert (
        f"{table.root}/phones.csv: 1 phonemes outside every word left out, in 1 utterances: a"
        in notes
    )


def test_an_empty_transcript_and_one_of_signs_alone_have_no_words_and_are_noted(table) -> None:
    table.write("manifest.csv", HEADER, "a,wav/a.wav,zoe,ang,", "b,wav/b.wav,zoe,hap,?!")
    corpus = table.read()
    assert [u.words for u in corpus.utterances] == [(), ()]
    assert "no word in the transcript of 2 of 2 utterances: a, b" in corpus.notes


def test_json_lines_are_read_like_a_csv_with_what_else_is_known_of_an_utterance(table) -> None:
    table.write(
        "manifest.jsonl",
        '{"utterance_id": "a", "file": "wav/a.wav", "speaker": 7, "emotion": "ang", '
        '"transcript": "Get, out!", "dialogue": "d1", "scenario": "s1", "style": "scripted", '
        '"sex": "F"}',
        "",
        '{"utterance_id": "b", "file": "wav/b.wav", "speaker": 7, "emotion": "sad", '
        '"transcript": "No.", "style": null}',
    )
    corpus = table.read(manifest="manifest.jsonl")
    assert corpus.name == "mine"
    first, second = corpus.utterances
    assert (first.speaker, first.transcript) == ("7", "Get, out!")
    assert (first.dialogue, first.scenario, first.style, first.sex) == (
        "d1",
        "s1",
        "scripted",
        "F",
    )
    assert (second.dialogue, second.scenario, second.style, second.sex) == ("", "", "", "")


def test_bad_json_lines_are_named_with_what_is_wrong_with_them(table) -> None:
    good = '"file": "wav/a.wav", "speaker": "zoe", "emotion": "ang", "transcript": "Hi"'
    table.write(
        "manifest.jsonl",
        f'{{"utterance_id": "a", {good}, "style": "read"}}',
        f'{{"utterance_id": "b", {good}',
        "[1]",
        f'{{"utterance_id": ["c"], {good}}}',
        f'{{"utterance_id": "d", "file": "x", {good}}}',
        f"{{{good}}}",
    )
    at = "<root>/manifest.jsonl, line"
    assert refusal(table, manifest="manifest.jsonl").splitlines()[1:] == [
        f"  {at} 2: not valid JSON (Expecting ',' delimiter at character 98)",
        f"  {at} 3: expected an object {{...}}, found [1]",
        f"""  {at} 4: 'utterance_id' is ["c"], not a text or a number""",
        f"  {at} 5: 'file' is there more than once",
        f"  {at} 6: no 'utterance_id'",
        f"  {at} 1: style is 'read', not scripted or improvised",
        f"  {at} 6: utterance_id is empty",
    ]


def test_times_may_be_nists_ctm(table) -> None:
    table.write("words.ctm", "a 1 0.1 0.2 Get 0.9", "a 1 0.3 0.5 out", "y 1 0 1 who")
    table.write("phones.ctm", "a 1 0.1 0.2 G", "a 1 0.3 0.5 AW")
    corpus = table.read(words="words.ctm", phonemes="phones.ctm")
    assert [(w.text, w.phonemes[0].symbol) for w in corpus.utterances[0].words] == [
        ("get", "G"),
        ("out", "AW"),
    ]
    assert "1 recordings that are not in the manifest left out: y" in corpus.notes[0]
