"""NIST's CTM."""

from pathlib import Path

import pytest

from ser_platform.corpora.ctm import read_ctm
from ser_platform.corpora.words import Segment


def read(tmp_path: Path, text: str) -> tuple[dict[str, list[Segment]], list[str]]:
    path = tmp_path / "words.ctm"
    path.write_text(text, encoding="utf-8")
    problems: list[str] = []
    return read_ctm(path, problems), [p.replace(str(path), "CTM") for p in problems]


def test_words_by_recording_with_start_and_end(tmp_path) -> None:
    text = ";; made by hand\nu1 1 0.5 0.25 HELLO 0.98\nu2 A 0 1 so\n\nu1 1 0.75 0.5 there\n"
    assert read(tmp_path, text) == (
        {
            "u1": [Segment("HELLO", 0.5, 0.75), Segment("there", 0.75, 1.25)],
            "u2": [Segment("so", 0.0, 1.0)],
        },
        [],
    )


@pytest.mark.parametrize(
    "line", ["u1 1 0.5 x hello", "u1 1 0.5 0.2", "u1 1 -1 0.2 a", "u1 1 0 0 a", "u1 1 nan 1 a"]
)
def test_a_line_that_is_none_is_a_problem(tmp_path, line) -> None:
    found, problems = read(tmp_path, f"{line}\nu1 1 0 1 a\n")
    assert found == {"u1": [Segment("a", 0.0, 1.0)]}
    assert problems == [
        f"CTM, line 1: expected 'recording channel start duration symbol', found '{line}'"
    ]
