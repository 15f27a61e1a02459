"""The benchmark of evidence as a program; what it measures is in docs/log.md."""

import sys

import pytest

from tests.benchmarks import evidence


def test_help_is_printed_and_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["evidence", "--help"])
    monkeypatch.setattr(evidence, "compare", lambda *_: pytest.fail("measured"))
    with pytest.raises(SystemExit) as ended:
        evidence.main()
    assert ended.value.code == 0
    assert "What the statistics of the leaderboard cost" in capsys.readouterr().out
