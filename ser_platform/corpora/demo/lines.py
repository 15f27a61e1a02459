"""What the actors say: ``lines.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("lines.yaml")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of a script: who speaks, how it is meant, what is said."""

    sex: str
    emotion: str
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines.

    Attributes:
        topics: of improvised scenes; per topic the lines by the emotion they are written for.
        shared: lines for any topic and any emotion.
        scripts: what every pair of actors plays alike.
    """

    topics: Mapping[str, Mapping[str, tuple[str, ...]]]
    shared: tuple[str, ...]
    scripts: Mapping[str, tuple[ScriptLine, ...]]


def read_lines() -> Lines:
    """The lines that come with the package."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Lines(
        topics={
            topic: {emotion: tuple(lines) for emotion, lines in by_emotion.items()}
            for topic, by_emotion in content["topics"].items()
        },
        shared=tuple(content["shared"]),
        scripts={
            script: tuple(
                _script_line(who_and_how, text)
                for line in lines
                for who_and_how, text in line.items()
            )
            for script, lines in content["scripts"].items()
        },
    )


def _script_line(who_and_how: str, text: str) -> ScriptLine:
    sex, emotion = who_and_how.split()
    return ScriptLine(sex, emotion, text)
