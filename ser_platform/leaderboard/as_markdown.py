"""The leaderboard as GitHub's Markdown: all columns that people read."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ser_platform.leaderboard import notes
from ser_platform.leaderboard.columns import TEXTS, columns, legend
from ser_platform.leaderboard.comparison import Against, Comparisons
from ser_platform.leaderboard.published import NAMES
from ser_platform.leaderboard.rank import Board, Group
from ser_platform.leaderboard.reference import heading, protocols, reference_rows


def as_markdown(board: Board, tested: Comparisons) -> str:
    """Tables, notes, and figures printed elsewhere."""
    return "\n".join(_lines(board, tested)) + "\n"


def _lines(board: Board, tested: Comparisons) -> Iterator[str]:
    yield "# Leaderboard"
    for group in board.groups:
        yield from _group(group, tested[group.protocol_id])
    if board.groups:
        yield from ("", escaped(legend(board.groups, tested)))
    if board.unranked:
        yield from ("", "## Not ranked", "")
        yield from (f"- {escaped(notes.unranked(final))}" for final in board.unranked)
    rows = reference_rows(board)
    yield from ("", "## Printed elsewhere", "", escaped(f"{heading(board)}."), "")
    yield from _table(NAMES, [row.cells for row in rows])
    yield ""
    yield from (f"- {escaped(f'{name}: {note}.')}" for name, note in protocols(rows).items())


def _group(group: Group, against: Against) -> Iterator[str]:
    yield from ("", f"## Protocol {group.protocol_id}", "", escaped(group.title), "")
    for warning in notes.warnings(group):
        yield from (f"**{escaped(warning)}**", "")
    all_ = columns(group, against)
    cells = [[column.cell(row, against) for column in all_] for row in group.rows]
    yield from _table([column.name for column in all_], cells)
    for line in notes.explanations(group, against):
        yield from ("", escaped(line))


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(escaped, names))} |"
    yield f"| {' | '.join('---' if name in TEXTS else '---:' for name in names)} |"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"


def escaped(text: str) -> str:
    """The same text, read as such: no cell, emphasis, link or tag begins in it."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", text)
