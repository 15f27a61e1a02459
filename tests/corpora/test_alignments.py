"""Times from a folder of alignments: TextGrids of all formats, and Sphinx's segment files."""

import pytest
from pydantic import ValidationError

from ser_platform.config.corpus import TableCorpusConfig
from ser_platform.corpora.textgrid import read_textgrid
from ser_platform.errors import CorpusError
from ser_platform.utterance import Phoneme, Word

WORDS = [(0, 0.2, ""), (0.2, 0.5, "get"), (0.5, 0.6, "spn"), (0.6, 0.9, '"\u00fcber"')]
PHONES = [(0, 0.2, "sil"), (0.2, 0.5, "G"), (0.6, 0.7, "AH0"), (0.7, 0.9, "spn")]
EXPECTED = (
    Word("get", 0.2, 0.5, (Phoneme("G", 0.2, 0.5),)),
    Word("\u00fcber", 0.6, 0.9, (Phoneme("AH0", 0.6, 0.7), Phoneme("SPN", 0.7, 0.9))),
)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def long(**tiers) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 "]
    lines += ["xmax = 0.9 ", "tiers? <exists> ", f"size = {len(tiers)} ", "item []: "]
    for number, (name, rows) in enumerate(tiers.items(), 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier" ']
        lines += [f"        name = {quoted(name)} ", "        xmin = 0 ", "        xmax = 0.9 "]
        lines.append(f"        intervals: size = {len(rows)} ")
        for i, (start, end, text) in enumerate(rows, 1):
            lines += [f"        intervals [{i}]:", f"            xmin = {start} "]
            lines += [f"            xmax = {end} ", f"            text = {quoted(text)} "]
    return "\n".join(lines) + "\n"


def short(**tiers) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", "0.9", "<exists>"]
    lines.append(f"{len(tiers)}")
    for name, rows in tiers.items():
        lines += ['"IntervalTier"', quoted(name), "0", "0.9", f"{len(rows)}"]
        lines += [f"{start}\n{end}\n{quoted(text)}" for start, end, text in rows]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("form", [long, short])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_long_and_short_text_in_utf8_and_utf16_give_the_same_words(
    tmp_path, form, encoding
) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(form(words=WORDS, phones=PHONES).encode(encoding))
    assert read_textgrid(path) == EXPECTED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("xmin = 0.6 ", "xmin = x "), "line 30: no TextGrid of Praat: expected the end of"),
        (("xmax = 0.5 ", "xmax = 0.1 "), "line 21: no TextGrid of Praat: expected the end of an"),
        (('"TextGrid"', '"Sound"'), "expected 'ooTextFile' and 'TextGrid', found 'ooTextFile'"),
        (('"words"', '"Mary"'), "no tier 'words'; found Mary, phones"),
        (('"phones"', '"zoe - words"'), "2 tiers of words: words, zoe - words; an utterance has"),
        (('"sil"', '"sil'), "no TextGrid of Praat: expected"),
    ],
)
def test_a_broken_textgrid_is_refused_with_file_and_line(tmp_path, change, message) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(
        long(words=WORDS, phones=PHONES).replace(change[0], change[1], 1), encoding="utf-8"
    )
    with pytest.raises(CorpusError) as error:
        read_textgrid(path)
    assert message in str(error.value)


def test_a_file_that_was_cut_off_is_refused(tmp_path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(long(words=WORDS)[:-40], encoding="utf-8")
    with pytest.raises(CorpusError, match=r"expected the .* of an interval, found the end of the"):
        read_textgrid(path)


def test_a_table_takes_textgrids_and_segment_files_and_the_policy_takes_the_rest(table) -> None:
    (table.root / "aligned" / "zoe").mkdir(parents=True)
    grid = long(words=WORDS[:2], phones=PHONES[:2])
    table.write("aligned/zoe/a.TextGrid", grid)
    table.write("aligned/stranger.TextGrid", grid)
    table.write("aligned/b.wdseg", "\t SFrm EFrm SegAScr Word", "\t 10 19 -1 THAT(2)")
    corpus = table.read(alignments="aligned")
    assert [w.text for w in corpus.utterances[0].words] == ["get"]
    assert corpus.utterances[1].words == (Word("that", 0.1, 0.2, (Phoneme("SPN", 0.1, 0.2),)),)
    assert "stranger" in corpus.notes[0]
    assert "no word times in 2 of 4 utterances" in corpus.notes[1]


def test_an_alignment_folder_that_is_empty_or_absent_is_named(table) -> None:
    with pytest.raises(CorpusError, match=r"gone: no such folder \(corpus\.alignments\)"):
        table.read(alignments="gone")
    with pytest.raises(CorpusError, match=r"no <utterance_id>\.TextGrid or \.wdseg in it"):
        table.read(alignments="wav")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"words": "w.csv", "alignments": "x"}, "name one of them"),
        ({"phonemes": "p.csv"}, "phonemes needs words"),
    ],
)
def test_two_sources_of_times_or_phonemes_alone_are_refused(settings, message) -> None:
    with pytest.raises(ValidationError, match=message):
        TableCorpusConfig(root="x", **settings)
