"""All files are checked before anything runs, and another corpus takes the place of IEMOCAP."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ser_platform.errors import ConfigError
from ser_platform.leaderboard.published import PROPOSED, PUBLISHED
from ser_platform.reproduce.__main__ import main
from ser_platform.reproduce.rows import load_rows
from tests.test_floors import CHECK

ROOT = Path(__file__).parents[2]
PAPERS = ROOT / "experiments" / "papers"
DEMO = """\
name: another
corpus: {kind: demo, size: small}
split: {by: kfold, folds: 2}
embedding: {kind: glove50}
features: {kind: mfcc39}
model: {kind: wise}
"""


@pytest.fixture
def demo(tmp_path: Path) -> str:
    """An experiment file of another corpus."""
    path = tmp_path / "demo.yaml"
    path.write_text(DEMO, encoding="utf-8")
    return str(path)


def papers(tmp_path: Path, *names: str) -> Path:
    """A folder with some of the papers' files."""
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in names:
        shutil.copy(PAPERS / f"{name}.yaml", folder)
    return folder


def test_every_printed_row_has_its_file_and_they_come_in_the_order_of_the_tables() -> None:
    rows = load_rows(PAPERS)
    assert [row.name for row in rows] == [printed.name for printed in PUBLISHED]
    assert all(row.is_comparable and not row.left_out for row in rows)


def test_what_a_paper_proposes_is_one_of_its_rows() -> None:
    sources = {row.name: row.source for row in PUBLISHED}
    assert set(PROPOSED) == set(sources.values())
    assert all(sources[row][:4] == table[:4] for table, row in PROPOSED.items())


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = papers(tmp_path, "xu-t1-speech", "xu-t1-tdnn-lstm", "shen-t1-wise")
    for name, old, new in [
        ("xu-t1-speech", "epochs: 50", "epochs: none"),
        ("shen-t1-wise", "kind: wise", "kind: wise, headz: 2"),
    ]:
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text().replace(old, new))
    shutil.copy(PAPERS / "xu-t2-text.yaml", folder / "xu-t3-text.yaml")
    with pytest.raises(ConfigError) as refused:
        load_rows(folder)
    assert str(refused.value) == (
        "3 of 4 files:\n"
        f"{folder}/shen-t1-wise.yaml: 1 problem\n"
        "  line 9, model.headz: no such setting; did you mean 'heads'?\n"
        f"{folder}/xu-t1-speech.yaml: 1 problem\n"
        "  line 8, train.epochs: found 'none', expected a whole number > 0\n"
        f"{folder}/xu-t3-text.yaml: no row of that name is printed; did you mean 'xu-t2-text'?"
    )


def test_a_row_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    folder = papers(tmp_path, "xu-t1-speech", "shen-t1-wise")
    with pytest.raises(ConfigError) as refused:
        load_rows(folder, only=["shen-t1-wize"])
    assert str(refused.value) == (
        f"--only: no row 'shen-t1-wize' in {folder}; did you mean 'shen-t1-wise'?"
    )
    assert [row.name for row in load_rows(folder, only=["shen-t1-wise"])] == ["shen-t1-wise"]


def test_rows_of_two_corpora_are_no_reproduction(tmp_path: Path) -> None:
    folder = papers(tmp_path, "xu-t1-speech", "shen-t1-wise")
    path = folder / "shen-t1-wise.yaml"
    path.write_text(path.read_text().replace("{kind: iemocap", "{kind: emodb"))
    with pytest.raises(ConfigError) as refused:
        load_rows(folder)
    assert str(refused.value) == (
        "corpus: shen-t1-wise and xu-t1-speech differ in it, and rows of one reproduction share "
        "it; mend a file, or give --set corpus=..."
    )


def test_another_corpus_comes_with_its_split_and_vectors_and_leaves_recognised_words_out(
    demo: str,
) -> None:
    some = ["shen-t1-wise", "xu-t1-text-asr", "xu-t1-speech"]
    rows = {row.name: row for row in load_rows(PAPERS, ["train.epochs=2"], some, demo)}
    wise = rows["shen-t1-wise"].file
    assert (wise.corpus.kind, wise.split.folds, wise.embedding.kind) == ("demo", 2, "glove50")
    assert wise.train is not None
    assert (wise.train.epochs, wise.train.l2) == (2, 1e-4)
    assert not any(row.is_comparable for row in rows.values())
    left_out = {name: row.left_out for name, row in rows.items() if row.left_out}
    assert left_out == {
        "xu-t1-text-asr": "it reads recognised words, and data/iemocap-asr.csv has those of "
        "iemocap; give those of this corpus in the section transcript of the file named by "
        "--corpus"
    }


def test_recognised_words_of_another_corpus_are_read_by_the_rows_that_read_such(
    demo: str,
) -> None:
    path = Path(demo)
    path.write_text(DEMO + "transcript: {kind: corrupted, wer: 0.2}\n", encoding="utf-8")
    rows = load_rows(PAPERS, only=["xu-t1-text-asr", "xu-t2-text"], corpus=demo)
    assert [row.file.transcript.kind for row in rows] == ["corrupted", "oracle"]
    assert not any(row.left_out for row in rows)


def test_a_corpus_is_replaced_by_an_override_too() -> None:
    rows = load_rows(PAPERS, ["corpus={kind: demo}"], only=["xu-t1-speech", "xu-t1-text-asr"])
    assert [row.file.corpus.kind for row in rows] == ["demo", "demo"]
    assert [bool(row.left_out) for row in rows] == [False, True]


def test_a_check_says_what_each_row_is_and_imports_nothing_heavy(
    demo: str, tmp_path: Path
) -> None:
    folder = papers(tmp_path, "xu-t1-text-asr", "xu-t1-speech")
    command = [sys.executable, "-c", CHECK, "reproduce", str(folder), "--corpus", demo, "--check"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    speech, text, ended = done.stdout.splitlines()
    assert speech.startswith("xu-t1-speech: valid (lstm_attention, signature ")
    assert text.startswith("xu-t1-text-asr: left out: it reads recognised words, and ")
    assert ended.split()[:2] == ["0", "none"]


def test_a_folder_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/absent: no such folder; give one of experiment files, as "
        "experiments/papers\n"
    )
