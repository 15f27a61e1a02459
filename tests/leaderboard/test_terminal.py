import io

import pytest
from rich.console import Console

from ser_platform.leaderboard.comparison import comparisons
from ser_platform.leaderboard.rank import Board
from ser_platform.leaderboard.terminal import default_console, render
from ser_platform.tracking.layout import ON_TEST_NOTE
from tests.leaderboard.boards import board_of, final, small
from tests.runs import looked_run


def lines(
    board: Board, width: int, *, against: int | None = None, color: bool = False
) -> list[str]:
    """Rendered; tested against a row of the first group, or against the best."""
    named = None if against is None else board.groups[0].rows[against]
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=color)
    render(board, comparisons(board, named), console)
    return [line.rstrip() for line in text.getvalue().splitlines()]


def until_printed(found: list[str]) -> str:
    """Everything above what others print."""
    return "\n".join(found[: next(n for n, line in enumerate(found) if "Printed" in line)])


AT_100 = """\
protocol 2e53c269 · corpus iemocap · split session (validation=speaker (seed=0)) · selection shared

 #  model                     UA                 WA       p   UA folds   seeds  study  run
 ──────────────────────────────────────────────────────────────────────────────────────────────
 1  wise       58.8 [55.3, 62.3]  58.8 [55.8, 62.0]       -  61.5±13.9  2 ±3.9  demo   aaaaaaaa
 2  alignment  47.5 [38.6, 55.2]  47.5 [39.5, 55.0]  0.016*  47.5±10.0       1  demo   cccccccc

No room for: train, params, WA folds, ECE, F1, scripted, improvised; in a wider terminal, or with
--csv FILE.
200 utterances of 10 speakers, drawn as wholes for intervals and tests. p: UA differs from that of
wise (aaaaaaaa), paired permutation, Holm-corrected for 1 test; * is below 0.05.

In %. UA: recall averaged over classes, pooled over folds (the mean of several seeds), with its \
95 %
interval; WA: accuracy over utterances, likewise; UA folds: mean±standard deviation over folds, of
the first seed; seeds: how many, ±standard deviation of UA over them.

Not ranked:
  wise, study demo, run dddddddd: 4 of 5 folds are finished
"""

AT_160 = """\
 #  model                     UA                 WA       p    F1   UA folds   WA folds   seeds  \
scripted  improvised   ECE  params  train  study  run
 1  wise       58.8 [55.3, 62.3]  58.8 [55.8, 62.0]       -  58.7  61.5±13.9  61.5±13.9  2 ±3.9  \
    57.5        60.0  11.2  12,345   30 s  demo   aaaaaaaa
 2  alignment  47.5 [38.6, 55.2]  47.5 [39.5, 55.0]  0.016*  47.5  47.5±10.0  47.5±10.0       1  \
    49.0        46.0  22.5  12,345   30 s  demo   cccccccc"""


def test_a_narrow_terminal_has_what_is_essential_and_says_what_gave_way() -> None:
    found = lines(small(), 100)
    whole = AT_100.replace("2e53c269", small().groups[0].protocol_id)
    assert until_printed(found) == whole
    assert max(map(len, found)) <= 100


def test_a_wide_terminal_has_every_column() -> None:
    found = lines(small(), 160)
    assert "\n".join([found[2], found[4], found[5]]) == AT_160
    assert not any("No room for" in line for line in found)
    assert max(map(len, found)) <= 160


def test_text_that_goes_to_a_file_is_plain_whole_and_never_wrapped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    board = small("n" * 64)
    render(board, comparisons(board), default_console())
    text = capsys.readouterr().out
    assert "\x1b" not in text
    name, seeds = "n" * 64, "2 ±3.9"
    for cell in (name, seeds, "57.5        60.0", "11.2  12,345   30 s"):
        assert cell in text
    assert any(line.startswith("Xu 2019: ") and "test set." in line for line in text.split("\n"))


def test_a_long_study_name_gives_way_and_no_score_does() -> None:
    at_100 = next(line for line in lines(small("n" * 64), 100) if line.startswith(" 1  "))
    assert "58.8 [55.3, 62.3]  58.8 [55.8, 62.0]       -  61.5±13.9" in at_100
    assert "nnnn…  aaaaaaaa" in at_100


def test_differences_to_a_row_that_was_named_are_shown_with_their_interval() -> None:
    found = lines(small(), 160, against=1)
    header = next(line for line in found if "model" in line)
    assert header.split()[:6] == ["#", "model", "UA", "WA", "ΔUA", "p"]
    best, named = (line for line in found if line.startswith((" 1  ", " 2  ")))
    assert "+11.3 [+5.4, +18.2]  0.016*" in best
    assert named.split()[8:10] == ["-", "-"]
    assert any("differs from that of alignment (cccccccc)" in line for line in found)


def test_mcnemar_stands_beside_p_where_a_row_was_named_and_there_is_room() -> None:
    board = board_of(final(1, 0.9), final(2, 0.875), final(3, 0.7))
    found = lines(board, 160, against=1)
    header = next(line for line in found if "model" in line)
    assert header.split()[:7] == ["#", "model", "UA", "WA", "ΔUA", "p", "McNemar"]
    best, _, last = (line.split() for line in found if line.startswith((" 1  ", " 2  ", " 3  ")))
    # By hand: 5 answers of 200, and 35, are right in one only; the smaller p is doubled.
    assert best[12] == "0.062"
    assert last[12] == "<0.001*"
    assert "McNemar" not in "\n".join(lines(board, 160))
    narrow = lines(board, 100, against=1)
    assert any(line.startswith("No room for: train, params, McNemar") for line in narrow)


def test_rows_of_other_protocols_are_said_not_to_be_compared_with_a_row_that_was_named() -> None:
    other = final(3, 0.6, protocol={"corpus": "emodb"})
    board = board_of(final(1, 0.8), final(2, 0.7), other)
    sentence = (
        "1 row of 1 other protocol is not compared with wise (aaaaaaaa): another protocol is "
        "another question."
    )
    assert sentence in lines(board, 160, against=0)
    assert sentence not in lines(board, 160)


def test_columns_of_styles_are_there_only_where_the_corpus_has_styles() -> None:
    header = next(line for line in lines(board_of(final(1)), 160) if "model" in line)
    assert "scripted" not in header
    assert any(
        "One row: nothing to test it against." in line for line in lines(board_of(final(1)), 160)
    )


def test_printed_figures_stand_beneath_in_grey_with_a_warning() -> None:
    found = lines(small(), 100, color=True)
    title = next(n for n, line in enumerate(found) if "Printed elsewhere" in line)
    assert "for reference, in %: protocols differ, do not compare" in found[title]
    wise = next(line for line in found[title:] if "WISE (proposed)" in line)
    dim = "\x1b[2m"
    assert f"{dim}75.9" in wise
    assert f"{dim}76.4" in wise
    ranked = next(line for line in found[:title] if "alignment" in line)
    assert dim not in ranked


def test_beside_another_corpus_the_papers_figures_are_another_task_and_no_others_are_shown() -> (
    None
):
    text = "\n".join(lines(small(corpus="emodb"), 160))
    assert (
        "Printed in the papers, in %: all of IEMOCAP, which no result above is of: another corpus "
        "is another task, do not compare"
    ) in text
    assert "WISE (proposed)" in text
    assert "WavLM" not in text
    assert "WavLM Large" in "\n".join(lines(small(), 160))


def test_a_score_the_paper_leaves_open_stays_open() -> None:
    row = next(line for line in lines(small(), 100) if "dual RNN (Yoon)" in line)
    assert row.split() == ["69.1", "dual", "RNN", "(Yoon)", "ASR", "Xu", "2019,", "table", "1"]


def test_synthetic_speech_is_said_plainly() -> None:
    warning = "Synthetic speech: scores mean nothing about people."
    assert warning in lines(small(synthetic=True), 100)
    assert warning not in lines(small(), 100)


RED, BOLD_RED = "\x1b[31m", "\x1b[1;31m"


def test_what_was_selected_on_test_is_red_with_the_honest_scores_beside_it() -> None:
    board = board_of(looked_run(1, role="final", right=0.8, honest=0.7))
    found = lines(board, 160)
    assert found[1] == ON_TEST_NOTE
    header = next(line for line in found if "model" in line)
    assert header.split()[2:9] == ["UA", "WA", "honest", "WA", "honest", "UA", "gap"]
    row = next(line for line in found if line.startswith(" 1  "))
    assert row.split()[:10] == [
        *("1", "wise", "!TEST", "80.0", "[80.0,", "80.0]", "80.0", "[80.0,", "80.0]", "70.0")
    ]
    assert row.split()[10:12] == ["70.0", "+10.0"]
    coloured = "\n".join(lines(board, 160, color=True))
    assert f"{BOLD_RED}Selected on the test part" in coloured
    assert f"{BOLD_RED} !TEST" in coloured
    assert coloured.count(f"{RED}80.0") == 2


def test_at_100_columns_the_honest_score_is_still_there() -> None:
    board = board_of(looked_run(1, role="final", right=0.8, honest=0.7, scoring=2))
    header = next(line for line in lines(board, 100) if "model" in line)
    assert "honest UA    gap  p" in header


def test_nothing_is_red_where_nothing_looked() -> None:
    text = "\n".join(lines(small(), 160, color=True))
    assert RED not in text
    assert BOLD_RED not in text
    assert "honest" not in text


def test_a_second_look_at_the_test_part_is_marked() -> None:
    again = board_of(final(1, 0.7, scoring=2))
    found = lines(again, 160)
    assert any(line.startswith(" 1  wise (2)  70.0") for line in found)
    assert (
        "(2) and up: the test part had been scored before, after another selection of the same "
        "study."
    ) in found
    assert not any("had been scored before" in line for line in lines(small(), 160))
