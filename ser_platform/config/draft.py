"""An experiment file on its way: its settings, where each was given, what is wrong so far."""

import re
from collections.abc import Iterable
from dataclasses import replace
from operator import itemgetter
from typing import Any

from ser_platform.config.problems import MAX_PROBLEMS, KeyPath, Problem, dotted, shortened, shown
from ser_platform.config.strict_yaml import MAX_DEPTH, Document, read_yaml

_WITH_DOTTED_NAMES = re.compile(
    r"(study\.search|sweep|study\.architectures\.[^.]+\.search|corpus\.labels)\.(.+)"
)
"""Mappings whose keys may contain dots: all that follows is one key."""


def key_path(key: str) -> tuple[str, ...]:
    """``train.epochs`` has two parts, ``study.search.model.dropout`` three."""
    if match := _WITH_DOTTED_NAMES.fullmatch(key):
        return (*match[1].split("."), match[2])
    return tuple(key.split("."))


def put(settings: dict[str, Any], path: tuple[str, ...], value: Any) -> str | None:
    """Set one setting, making sections where there are none.

    Returns:
        What stands in the way: a setting that is not a section.
    """
    node = settings
    for depth, section in enumerate(path[:-1], 1):
        if node.get(section) is None:
            node[section] = {}
        if not isinstance(node[section], dict):
            return f"'{dotted(path[:depth])}' is a setting, not a section"
        node = node[section]
    node[path[-1]] = value
    return None


class Draft:
    """What the file and its overrides say, and what was found wrong with it."""

    def __init__(self, document: Document) -> None:
        self.settings: dict[str, Any] = {}
        self._lines = document.lines
        self._overrides: dict[KeyPath, str] = {}
        self._said: list[tuple[float, str]] = []
        self._reported: set[KeyPath] = set()
        self._removed: dict[KeyPath, Any] = {}
        self.is_readable = document.complete
        self.report(document.problems)
        if isinstance(document.value, dict):
            self.settings = document.value
        elif document.value is not None:
            self.is_readable = False
            self.report([Problem((), f"found {shown(document.value)}, expected settings", 1)])

    def override(self, text: str) -> None:
        """Apply one ``KEY=VALUE``; the value is YAML."""
        key, equals, value = text.partition("=")
        path = key_path(key)
        self._overrides[path] = f"--set {shortened(key, 80)}"
        if not equals or "" in path or len(path) > MAX_DEPTH:
            self.report([Problem(path, "expected KEY=VALUE, such as train.epochs=3")])
            return
        document = read_yaml(value)
        self.report(replace(p, path=path + p.path, line=None) for p in document.problems)
        if document.complete and (obstacle := put(self.settings, path, document.value)):
            self.report([Problem(path, obstacle)])

    def report(self, problems: Iterable[Problem]) -> None:
        """Remember problems for the refusal."""
        for problem in problems:
            order, where = self._where(problem)
            self._said.append((order, f"{where}: {problem.message}" if where else problem.message))
            self._reported.add(problem.path)

    def set_aside(self, problems: list[Problem]) -> bool:
        """Report problems and remove their settings, so that the others come to light.

        What only follows from an earlier removal is not reported.

        Returns:
            Whether there is something new to check.
        """
        self.report([problem for problem in problems if not self._follows(problem)])
        removed = [self._remove(problem.path) for problem in problems]
        return any(removed) and len(self._said) < MAX_PROBLEMS

    def refusal(self, title: str) -> str | None:
        """All problems in the order of the file, overrides last; None when there are none."""
        if not self._said:
            return None
        said = [text for _, text in sorted(self._said, key=itemgetter(0))][:MAX_PROBLEMS]
        many = f"{len(said)} problem{'s' * (len(said) > 1)}"
        if len(said) == MAX_PROBLEMS:
            many += " or more"
        return "\n  ".join([f"{title}: {many}", *said])

    def _follows(self, problem: Problem) -> bool:
        """Whether a problem is known, or may only be there because something was removed."""
        path = problem.path
        return path in self._reported or any(
            # A section names all problems of its own settings at once: a later one follows.
            removed[:-1] in (path[:-1], path)
            or (removed[: len(path)] == path and isinstance(old, dict))
            for removed, old in self._removed.items()
        )

    def _remove(self, path: KeyPath) -> bool:
        """Remove a setting; where there is none, what it is missing in."""
        for here in (path, path[:-1]):
            node: Any = self.settings
            for section in here[:-1]:
                node = node.get(section) if isinstance(node, dict) else None
            if here and isinstance(node, dict) and here[-1] in node:
                self._removed[here] = node.pop(here[-1])
                return True
        return False

    def _where(self, problem: Problem) -> tuple[float, str]:
        """Order and place of a problem: ``line 7, model.dropout`` or ``--set model.dropout``."""
        path = problem.path
        for length in range(len(path), 0, -1):
            if source := self._overrides.get(path[:length]):
                inside = f", {dotted(path)}" if length < len(path) else ""
                return float("inf"), source + inside
        line = problem.line or self._line(path)
        sources = [f"line {line}"] if line else []
        if path:
            sources += [s for key, s in self._overrides.items() if key[: len(path)] == path]
        place = [" and ".join(sources), dotted(path)]
        return line or 0, ", ".join(part for part in place if part)

    def _line(self, path: KeyPath) -> int | None:
        known = (self._lines.get(path[:length]) for length in range(len(path), 0, -1))
        return next((line for line in known if line), None)
