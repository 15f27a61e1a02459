"""What is wrong with an experiment file, and how it is said."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

KeyPath = tuple[str | int, ...]
"""Where a setting is: ``("study", "search", "model.dropout", "uniform", 0)``."""

LONGEST_SHOWN = 40
MAX_PROBLEMS = 100
"""How many are looked into; a file with more is not an experiment file."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    path: KeyPath
    message: str
    line: int | None = None
    """From 1; None: wherever the setting at ``path`` was given."""
    meant: KeyPath | None = None
    """The setting that a misspelt one probably is."""


def dotted(path: KeyPath) -> str:
    """``study.search.model.dropout.uniform[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shortened(text.removeprefix("."), 2 * LONGEST_SHOWN)


def shown(value: Any) -> str:
    """A value as a message shows it: short, on one line, text in quotes."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return repr(
                value if len(value) <= LONGEST_SHOWN else f"{value[: LONGEST_SHOWN - 3]}..."
            )
        case list() | tuple():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a section" if value else "an empty section"
        case _:
            return shortened(repr(value))


def shortened(text: str, longest: int = LONGEST_SHOWN) -> str:
    """At most ``longest`` printable characters; escapes for the others."""
    head = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return head if len(head) <= longest else f"{head[: longest - 3]}..."


def listed(names: Collection[str]) -> str:
    """``a, b or c``."""
    *rest, last = names
    return f"{', '.join(rest)} or {last}" if rest else last


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that ``name`` is probably a slip of."""
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)
