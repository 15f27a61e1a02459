"""What other programs read."""

import json
from pathlib import Path

import pytest

from ser_platform.errors import SerError
from ser_platform.evidence.entries import Evidence, PairedTest
from ser_platform.leaderboard.as_json import as_json
from ser_platform.leaderboard.as_latex import as_latex
from ser_platform.leaderboard.as_latex import escaped as in_latex
from ser_platform.leaderboard.as_markdown import as_markdown
from ser_platform.leaderboard.as_markdown import escaped as in_markdown
from ser_platform.leaderboard.comparison import comparisons
from ser_platform.leaderboard.files import FORMATS, to_stdout, write_files
from tests.leaderboard.boards import board_of, small
from tests.runs import PROTOCOL, looked_run

BOARD = small(study="my_study", synthetic=True)
TESTED = comparisons(BOARD)


def test_json_is_whole_and_reads_back_as_what_it_was_made_from() -> None:
    found = json.loads(as_json(BOARD, TESTED))
    assert list(found) == ["version", "groups", "unranked", "published"]
    assert found["version"] == 1
    (group,) = found["groups"]
    assert group["protocol"] == {**PROTOCOL, "corpus": "iemocap"}
    assert group["protocol_id"] == BOARD.groups[0].protocol_id
    assert group["notes"][0] == "Synthetic speech: scores mean nothing about people."
    for row, made in zip(group["rows"], BOARD.groups[0].rows, strict=True):
        evidence = Evidence.model_validate_json(json.dumps(row["evidence"]))
        assert evidence == made.evidence
        assert tuple(row["run_ids"]) == made.run_ids
    first, second = group["rows"]
    assert first["test"] is None
    test = PairedTest.model_validate_json(json.dumps(second["test"]))
    assert test == TESTED[group["protocol_id"]].tests["c" * 32]
    assert found["unranked"] == [
        {
            "run_id": "d" * 32,
            "study": "demo",
            "model": "wise",
            "problem": "4 of 5 folds are finished",
        }
    ]
    assert "WISE (proposed)" in {row["model"] for row in found["published"]}


def test_markdown_is_tables_with_their_notes() -> None:
    lines = as_markdown(BOARD, TESTED).splitlines()
    assert lines[2] == f"## Protocol {BOARD.groups[0].protocol_id}"
    assert "**Synthetic speech: scores mean nothing about people.**" in lines
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == (
        "| \\# | model | UA | WA | p | F1 | UA folds | WA folds | seeds | scripted | improvised | "
        "ECE | params | train | study | run |"
    )
    assert table[1] == f"| ---: | --- |{' ---: |' * 12} --- | --- |"
    assert table[2] == (
        "| 1 | wise | 58.8 \\[55.3, 62.3\\] | 58.8 \\[55.8, 62.0\\] | - | 58.7 | 61.5±13.9 | "
        "61.5±13.9 | 2 ±3.9 | 57.5 | 60.0 | 11.2 | 12,345 | 30 s | my\\_study | aaaaaaaa |"
    )
    assert len({line.replace("\\|", "").count("|") for line in table[:4]}) == 1
    assert "- wise, study demo, run dddddddd: 4 of 5 folds are finished" in lines


def test_latex_is_a_table_of_booktabs_for_each_group_with_its_notes() -> None:
    text = as_latex(BOARD, TESTED)
    lines = text.splitlines()
    for command in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert lines.count(command) == 2  # the group, and what is printed elsewhere
    for name in ("table", "tabular"):
        assert text.count(f"\\begin{{{name}}}") == text.count(f"\\end{{{name}}}") == 2
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert (
        r"1 & wise & 58.8 {[}55.3, 62.3{]} & 58.8 {[}55.8, 62.0{]} & - & 58.7 & 61.5$\pm$13.9 & "
        r"61.5$\pm$13.9 & 2 $\pm$3.9 & 57.5 & 60.0 & 11.2 & 12,345 & 30 s & my\_study & "
        r"aaaaaaaa \\"
    ) in lines
    assert r"\caption{Synthetic speech: scores mean nothing about people. protocol " in text
    assert "wise, study demo, run dddddddd: 4 of 5 folds are finished." in lines


def test_what_was_selected_on_test_says_so_in_every_format() -> None:
    board = board_of(looked_run(1, role="final", scoring=2))
    tested = comparisons(board)
    for name, make in FORMATS.items():
        text = make(board, tested).replace("\\", "")
        assert "Selected on the test part (selection: best_on_test)" in text, name
        assert "70.0" in text or "0.7" in text, name  # the honest score
    assert "wise !TEST (2)" in as_markdown(board, tested)


@pytest.mark.parametrize(
    ("text", "markdown", "latex"),
    [
        ("a_b", r"a\_b", r"a\_b"),
        ("5 % & #1", r"5 % & \#1", r"5 \% \& \#1"),
        ("<0.001*", r"\<0.001\*", r"$<$0.001*"),
        ("a|b", r"a\|b", r"a$|$b"),
        (r"C:\x{y}", r"C:\\x{y}", r"C:\textbackslash{}x\{y\}"),
        ("~^$", r"\~^$", r"\textasciitilde{}\textasciicircum{}\$"),
        ("ΔUA 1±2", "ΔUA 1±2", r"$\Delta$UA 1$\pm$2"),
    ],
)
def test_no_letter_of_a_name_becomes_a_command(text: str, markdown: str, latex: str) -> None:
    assert in_markdown(text) == markdown
    assert in_latex(text) == latex


def test_files_are_written_into_folders_that_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {name: str(tmp_path / "new" / f"board.{name}") for name in FORMATS}
    write_files(BOARD, TESTED, {**paths, "json": "-"})
    assert sorted(path.suffix for path in (tmp_path / "new").iterdir()) == [
        ".csv",
        ".latex",
        ".markdown",
    ]
    assert json.loads(capsys.readouterr().out)["version"] == 1


def test_a_file_that_cannot_be_written_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SerError, match=r"--csv: .*/file/board.csv cannot be written"):
        write_files(BOARD, TESTED, {"csv": str(tmp_path / "file" / "board.csv")})


def test_only_one_format_can_go_to_standard_output() -> None:
    assert not to_stdout({"csv": "board.csv"})
    assert to_stdout({"csv": "board.csv", "json": "-"})
    with pytest.raises(SerError) as raised:
        to_stdout({"csv": "-", "json": "-"})
    assert str(raised.value) == ("--csv and --json: only one of them can go to standard output")
