"""YAML that says one thing only: version 1.2 scalars, no duplicates, no bombs.

PyYAML's own constructors read YAML 1.1: ``1e-3`` is text, ``no`` is false, ``12:30:45`` is
45045, and the last of two equal keys wins. Here the parser's events are turned into values
directly, so that depth, aliases and sizes are counted before anything is built.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from ser_platform.config.problems import KeyPath, Problem, shortened, shown
from ser_platform.config.scalars import CORE, BadScalarError, misfit, scalar

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_ALIASES = 64
MAX_NODES = 10_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """One YAML document as plain values, and where each of them stood."""

    value: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    """Line, from 1, of every key and list item."""
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    """False when reading stopped at the last problem; there is no value then."""


class _StopError(Exception):
    """Nothing after this can be read."""

    def __init__(self, message: str, line: int | None) -> None:
        self.problem = Problem((), message, line)


def read_yaml(text: str) -> Document:
    """Read one document; what is wrong with it is in its ``problems``."""
    document = Document()
    try:
        _check_text(text)
        reader = _Reader(yaml.parse(text, Loader=_LOADER), document)
        return Document(reader.document(), document.lines, document.problems)
    except _StopError as e:
        problem = e.problem
    except yaml.YAMLError as e:
        problem = _syntax_problem(e, text)
    return Document(None, document.lines, [*document.problems, problem], complete=False)


def _check_text(text: str) -> None:
    if bad := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise _StopError(f"the character U+{ord(bad[0]):04X} is not allowed in YAML", line)
    if len(text.encode()) > MAX_BYTES:
        raise _StopError(f"larger than {MAX_BYTES // 1024} KiB", None)


def _syntax_problem(error: yaml.YAMLError, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = str(getattr(error, "problem", None) or error)
    if "cannot start any token" in said and mark:
        said = f"{shown(text[mark.index : mark.index + 1])} cannot begin a word; put it in quotes"
    if "\\t" in said or "tab character" in said:
        said = "a tab; indent with spaces"
    elif "mapping values are not allowed" in said:
        said = "a second ': ' on one line; put text with ': ' in quotes"
    elif "unexpected end of stream" in said:
        mark = getattr(error, "context_mark", None)
        said = "a quote is opened here and never closed"
    return Problem((), f"not YAML: {shortened(said, 160)}", mark.line + 1 if mark else None)


def _line(event: Any) -> int:
    return event.start_mark.line + 1


class _Reader:
    """Turns parser events into values, one method per kind of node."""

    def __init__(self, events: Iterator[Any], document: Document) -> None:
        self._events = events
        self._lines = document.lines
        self._problems = document.problems
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        """Value and size of what an anchor names; None while it is being read."""
        self._aliases = 0
        self._nodes = 0

    def document(self) -> Any:
        next(self._events)  # start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value = self._node(next(self._events), ())
        next(self._events)  # end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _StopError(
                "a second document begins; give one experiment per file", _line(after)
            )
        return value

    def _node(self, event: Any, path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if len(path) >= MAX_DEPTH:
            raise _StopError(f"nested deeper than {MAX_DEPTH} levels", _line(event))
        before = self._nodes
        self._count(1, event)
        if event.anchor:
            self._anchors[event.anchor] = None
        match event:
            case yaml.ScalarEvent():
                value = self._scalar(event, path)
            case yaml.SequenceStartEvent():
                self._check_tag(event, "seq", path)
                value = self._list(path)
            case _:
                self._check_tag(event, "map", path)
                value = self._mapping(path)
        if event.anchor:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _alias(self, event: Any) -> Any:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise _StopError(f"more than {MAX_ALIASES} aliases", _line(event))
        name = shortened(event.anchor)
        if event.anchor not in self._anchors:
            raise _StopError(f"*{name} has no anchor &{name} before it", _line(event))
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise _StopError(f"*{name} stands inside of &{name} itself", _line(event))
        value, nodes = anchored
        self._count(nodes, event)
        return copy.deepcopy(value)  # --set may change one of the places and not the other

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise _StopError(
                f"more than {MAX_NODES} values, with aliases written out", _line(event)
            )

    def _list(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*path, len(values))
            self._lines[here] = _line(event)
            values.append(self._node(event, here))
        return values

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path, values)
            if key is None:
                self._node(next(self._events), (*path, "?"))
            else:
                self._lines[(*path, key)] = _line(event)
                values[key] = self._node(next(self._events), (*path, key))
        return values

    def _key(self, event: Any, path: KeyPath, before: dict[str, Any]) -> str | None:
        """The key; None when it is refused."""
        known_problems = len(self._problems)
        key = self._node(event, (*path, "?"))
        if len(self._problems) > known_problems:
            return None
        if not isinstance(key, str):
            self._refuse(path, f"the key {shown(key)} is not text; put it in quotes", event)
        elif key == "<<":
            self._refuse(path, "'<<' (merge) is not read; write the settings out", event)
        elif key in before:
            here = (*path, key)
            self._refuse(here, f"given twice, first on line {self._lines[here]}", event)
        else:
            return key
        return None

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        try:
            return scalar(event.value, event.tag, plain=event.implicit[0])
        except BadScalarError as e:
            self._refuse(path, str(e), event)
            return None

    def _check_tag(self, event: Any, kind: str, path: KeyPath) -> None:
        if event.tag not in (None, "!", CORE + kind):
            self._refuse(path, misfit(event.tag), event)

    def _refuse(self, path: KeyPath, message: str, event: Any) -> None:
        self._problems.append(Problem(path, message, _line(event)))
