import io

import pytest
from rich.console import Console

from ser_platform.leaderboard.rank import Board, rank
from ser_platform.leaderboard.terminal import default_console, render
from ser_platform.tracking.entries import LoggedFinal
from ser_platform.tracking.layout import ON_TEST_NOTE
from tests.runs import looked_run, run_result


def board(study: str = "demo", *, synthetic: bool = False) -> Board:
    wise = run_result(1, role="final", right=0.7, study=study, synthetic=synthetic)
    alignment = run_result(
        2, role="final", right=0.8, study=study, synthetic=synthetic, architecture="alignment"
    )
    return rank(
        [
            LoggedFinal("a" * 32, study, "wise", wise, ""),
            LoggedFinal("b" * 32, study, "alignment", alignment, ""),
            LoggedFinal("c" * 32, study, "wise", None, "fold 3: [nan] is not finite"),
        ]
    )


def lines(board: Board, width: int, *, color: bool = False) -> list[str]:
    text = io.StringIO()
    render(board, Console(file=text, width=width, force_terminal=color))
    return [line.rstrip() for line in text.getvalue().splitlines()]


@pytest.mark.parametrize("width", [100, 160])
def test_a_group_is_a_table_under_its_protocol(width: int) -> None:
    found = lines(board(), width)
    assert found[0] == (
        "corpus iemocap · split session (validation=speaker (seed=0)) · selection shared"
    )
    header = next(line for line in found if "model" in line)
    names = "# model WA UA WA folds UA folds params train study run trained"
    assert header.split() == names.split()
    assert " 1  alignment  80.0  80.0  80.0±0.0  80.0±0.0  12,345   30 s  demo   bbbbbbbb" in (
        "\n".join(found)
    )
    assert " 2  wise       70.0  70.0" in "\n".join(found)
    assert max(map(len, found)) <= width


def test_a_long_study_name_gives_way_and_no_score_does() -> None:
    name = "n" * 64
    at_100 = next(line for line in lines(board(name), 100) if line.startswith(" 1  "))
    assert "alignment  80.0  80.0  80.0±0.0  80.0±0.0  12,345   30 s  nnnn" in at_100
    assert "…" in at_100
    assert "bbbbbbbb" in at_100
    at_160 = next(line for line in lines(board(name), 160) if line.startswith(" 1  "))
    assert name in at_160


def test_what_is_not_ranked_is_named_with_its_reason() -> None:
    found = lines(board(), 100)
    assert found[found.index("Not ranked:") + 1] == (
        "  wise, study demo, run cccccccc: fold 3: [nan] is not finite"
    )


def test_printed_figures_stand_beneath_in_grey_with_a_warning() -> None:
    found = lines(board(), 100, color=True)
    title = next(n for n, line in enumerate(found) if "Printed in the papers" in line)
    assert "for reference: protocols differ, do not compare" in found[title]
    wise = next(line for line in found[title:] if "WISE (proposed)" in line)
    dim = "\x1b[2m"
    assert f"{dim}75.9" in wise
    assert f"{dim}76.4" in wise
    ranked = next(line for line in found[:title] if "alignment" in line)
    assert dim not in ranked


def test_a_score_the_paper_leaves_open_stays_open() -> None:
    row = next(line for line in lines(board(), 100) if "dual RNN (Yoon)" in line)
    assert row.split() == ["69.1", "dual", "RNN", "(Yoon)", "ASR", "Xu", "2019,", "table", "1"]


def test_synthetic_speech_is_said_plainly() -> None:
    warning = "Synthetic speech: scores mean nothing about people."
    assert warning in lines(board(synthetic=True), 100)
    assert warning not in lines(board(), 100)


def test_text_that_goes_to_a_file_is_plain_and_never_wrapped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render(board("n" * 64), default_console())
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "n" * 64 in text
    assert any(line.startswith("Xu 2019: ") and "test set." in line for line in text.split("\n"))


RED, BOLD_RED = "\x1b[31m", "\x1b[1;31m"


def test_what_was_selected_on_test_is_red_with_the_honest_scores_beside_it() -> None:
    looked = looked_run(1, role="final", right=0.8, honest=0.7)
    board = rank([LoggedFinal("a" * 32, "demo", "wise", looked, "")])
    found = lines(board, 160)
    assert found[1] == ON_TEST_NOTE
    header = next(line for line in found if "model" in line)
    assert "WA UA honest WA honest UA gap WA folds" in " ".join(header.split())
    row = next(line for line in found if line.startswith(" 1  "))
    assert row.split()[:8] == ["1", "wise", "!TEST", "80.0", "80.0", "70.0", "70.0", "+10.0"]
    coloured = "\n".join(lines(board, 160, color=True))
    assert f"{BOLD_RED}Selected on the test part" in coloured
    assert f"{BOLD_RED} !TEST" in coloured
    assert coloured.count(f"{RED}80.0") == 2


def test_nothing_is_red_where_nothing_looked() -> None:
    text = "\n".join(lines(board(), 160, color=True))
    assert RED not in text
    assert BOLD_RED not in text
    assert "honest" not in text


def test_a_second_look_at_the_test_part_is_marked() -> None:
    again = run_result(1, role="final", right=0.7, scoring=2)
    found = lines(rank([LoggedFinal("a" * 32, "demo", "wise", again, "")]), 160)
    assert any(line.startswith(" 1  wise (2)  70.0") for line in found)
    assert (
        "(2) and up: the test part had been scored before, after another selection of the same "
        "study."
    ) in found
    assert not any("had been scored before" in line for line in lines(board(), 160))
