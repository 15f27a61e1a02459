"""The tables as Markdown."""

from collections.abc import Iterator, Sequence

from ser_platform.pages.page import Table
from ser_platform.reproduce.tables import Words


def as_markdown(words: Words) -> str:
    """The text of a file."""
    parts = [
        *(f"**{_plain(warning)}**" for warning in words.warnings),
        *map(_plain, words.head),
        *(part for table in words.tables for part in _table(table)),
        "\n".join(f"- {_plain(note)}" for note in words.notes),
    ]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield f"### {_plain(table.caption)}"
    rule = ["---"] * table.names + ["---:"] * (len(table.columns) - table.names)
    yield "\n".join(map(_line, (table.columns, rule, *table.rows)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """On one line, and without what Markdown takes for its own."""
    on_one_line = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\|*_`<" else c for c in on_one_line)
