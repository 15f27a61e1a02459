"""How far a fill is: a bar where a person looks on, lines elsewhere."""

import io
import logging

import pytest
from rich.console import Console

from ser_platform.train.progress import log_progress, showing


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=120, _environ={"TERM": "xterm"})


def shown_on(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_has_a_bar_with_utterances_and_rate(caplog: pytest.LogCaptureFixture) -> None:
    console = terminal()
    with caplog.at_level(logging.INFO), showing("mfcc39", console) as progress:
        for done in (100, 350, 600):
            progress(done, 600, 100)
    assert "features: mfcc39" in shown_on(console)
    assert "600/600" in shown_on(console)
    assert "/s" in shown_on(console)
    assert caplog.messages == ["features: mfcc39 600/600 utterances"]


def test_what_comes_from_the_cache_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    console = terminal()
    with caplog.at_level(logging.INFO), showing("mfcc39", console) as progress:
        progress(600, 600, 600)
    assert "mfcc39" not in shown_on(console)
    assert caplog.messages == []


def test_a_failure_leaves_the_bar() -> None:
    console = terminal()

    def fail() -> None:
        with showing("mfcc39", console) as progress:
            progress(0, 600, 0)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    console.print("after")
    assert shown_on(console).endswith("after\n")


def test_elsewhere_there_is_a_line_per_tenth(caplog: pytest.LogCaptureFixture) -> None:
    console = Console(file=io.StringIO())
    with caplog.at_level(logging.INFO), showing("mfcc39", console) as progress:
        for done in range(101):
            progress(done, 100, 0)
    assert len(caplog.messages) == 10
    assert caplog.messages[-1] == "features: mfcc39 100/100 utterances, 0 cached"
    assert shown_on(console) == ""


def test_a_warm_cache_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        log_progress("mfcc39")(100, 100, 100)
    assert caplog.messages == []
