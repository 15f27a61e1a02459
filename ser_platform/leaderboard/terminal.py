"""The leaderboard as text."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ser_platform.leaderboard import notes
from ser_platform.leaderboard.columns import GIVE_WAY, TEXTS, Column, columns, explained, marks
from ser_platform.leaderboard.comparison import Against, Comparisons
from ser_platform.leaderboard.published import NAMES
from ser_platform.leaderboard.rank import Board, Group, Row
from ser_platform.leaderboard.reference import heading, protocols, reference_rows
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE

_PIPED_WIDTH = 500
"""Wide enough that nothing is wrapped or cut when no person watches."""
_LEAST_STUDY = 12
"""Letters to which a study's name may be cut before other columns give way."""

_RED = "bold red"
_YELLOW = "bold yellow"
_STYLES = {
    ON_TEST_NOTE: _RED,
    notes.HONEST: _RED,
    SYNTHETIC_NOTE: _YELLOW,
    notes.LOOKED_AGAIN: _YELLOW,
}


def render(board: Board, tested: Comparisons, console: Console) -> None:
    """Print the ranked groups, what could not be ranked, and figures printed elsewhere."""
    shown: list[Column] = []
    for group in board.groups:
        shown += _show_group(group, tested[group.protocol_id], console)
    if shown:
        _say(console, f"{explained(shown)}\n")
    _show_others(board, tested, console)
    _show_published(board, console)


def default_console() -> Console:
    """Standard output: as wide as the terminal, and unwrapped when it goes elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)


def _show_group(group: Group, against: Against, console: Console) -> list[Column]:
    """Print it; the columns there was room for."""
    _say(console, group.title, "bold")
    for warning in notes.warnings(group):
        _say(console, warning, _STYLES[warning])
    shown, missing = _that_fit(group, against, console)
    console.print(_table(group, against, shown))
    if missing:
        names = ", ".join(missing)
        _say(console, f"No room for: {names}; in a wider terminal, or with --csv FILE.", "dim")
    for line in notes.explanations(group, against):
        _say(console, line, _STYLES.get(line, ""))
    _say(console, "")
    return shown


def _that_fit(group: Group, against: Against, console: Console) -> tuple[list[Column], list[str]]:
    """The columns there is room for, and the names of those that gave way."""
    shown, missing = columns(group, against), []
    for names in GIVE_WAY:
        table = _table(group, against, shown, cut=True)
        options = console.options.update(max_width=_PIPED_WIDTH)
        if Measurement.get(console, options, table).maximum <= console.width:
            break
        missing += [column.name for column in shown if column.name in names]
        shown = [column for column in shown if column.name not in names]
    return shown, missing


def _table(group: Group, against: Against, shown: Sequence[Column], *, cut: bool = False) -> Table:
    table = _empty("bold")
    for column in shown:
        side = "left" if column.name in TEXTS else "right"
        if column.name == "study":
            table.add_column(column.name, overflow="ellipsis", min_width=4)
        else:
            table.add_column(column.name, justify=side, no_wrap=True)
    for row in group.rows:
        table.add_row(*(_cell(column, row, against, cut=cut) for column in shown))
    return table


def _cell(column: Column, row: Row, against: Against, *, cut: bool) -> Text:
    text = column.cell(row, against)
    if column.name == "model":
        return _model(row)
    if column.name == "study" and cut:
        return Text(text[:_LEAST_STUDY])
    is_red = row.result.selected_on_test and column.name in ("UA", "WA")
    return Text(text, "red" if is_red else "")


def _model(row: Row) -> Text:
    """Its name, and marks of what makes its score mean less."""
    text = Text(row.result.architecture)
    for mark in marks(row):
        text.append(f" {mark}", _RED if mark == "!TEST" else _YELLOW)
    return text


def _show_others(board: Board, tested: Comparisons, console: Console) -> None:
    """What has no place in the tables, and why."""
    named = [against.reference for against in tested.values() if against.asked]
    others = [group for group in board.groups if not tested[group.protocol_id].asked]
    if named and others:
        _say(console, f"{notes.not_compared(others, named[0])}\n")
    if board.unranked:
        _say(console, "Not ranked:", "bold")
        for final in board.unranked:
            _say(console, f"  {notes.unranked(final)}")
        _say(console, "")


def _show_published(board: Board, console: Console) -> None:
    rows = reference_rows(board)
    _say(console, heading(board), "dim")
    table = _empty("dim")
    for name in NAMES:
        side = "left" if name in TEXTS else "right"
        table.add_column(name, justify=side, no_wrap=name != "printed in")
    for row in rows:
        table.add_row(*row.cells, style="dim")
    console.print(table)
    for source, note in protocols(rows).items():
        _say(console, f"{source}: {note}.", "dim")
    _say(console, "")


def _empty(style: str) -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style=style)


def _say(console: Console, text: str, style: str = "") -> None:
    """Plain words, in which brackets are no markup."""
    console.print(Text(text, style))
