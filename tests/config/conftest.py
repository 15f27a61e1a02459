"""Experiment files written in a line."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from ser_platform.config import load_experiment_file
from ser_platform.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes ``x.yaml`` and gives the name to load it by."""
    monkeypatch.chdir(tmp_path)

    def text(content: str) -> str:
        Path("x.yaml").write_text(dedent(content), encoding="utf-8")
        return "x.yaml"

    return text


@pytest.fixture
def refusal(write: Callable[[str], str]) -> Callable[..., str]:
    """The message that a file with overrides is refused with, dedented as tests write it."""

    def of(content: str, *overrides: str) -> str:
        with pytest.raises(ConfigError) as refused:
            load_experiment_file(write(content), overrides)
        return str(refused.value)

    return of


@pytest.fixture
def wise() -> str:
    """A small valid file; its four sections are lines 1 to 4."""
    return "name: wise\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
