"""The live table of a study, as rich draws it."""

from collections.abc import Sequence
from textwrap import wrap

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ser_platform.tune.board import Board, Row
from ser_platform.tune.record import State, counted, short_names, shown_value
from ser_platform.tune.time_left import in_words

STYLES: dict[State, str] = {
    "complete": "green",
    "pruned": "yellow",
    "failed": "bold red",
    "running": "cyan",
    "waiting": "dim",
}
_GAP = 2
"""Columns of a terminal between two of the table."""
_FRAME = 4
"""Lines of the table beside its rows: its head, the line under it, what is not shown, a spare."""


def view(board: Board, width: int, height: int) -> RenderableType:
    """Everything that fits a terminal of that many columns and lines."""
    head = _head(board)
    # Whole: at the end of the line is what the cluster lacks.
    waits = [Text(line, "yellow") for line in wrap(board.waits_for, width)]
    rows = board.first_rows(max(height - len(head) - len(waits) - _FRAME, 1))
    if not rows:
        return Group(*head, *waits)
    columns, more = _columns(board, rows, width)
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),  # the box has a column of its own between two
        show_edge=False,
    )
    for column in columns:
        right = column.title not in ("state", "architecture")
        table.add_column(
            column.title, justify="right" if right else "left", no_wrap=True, header_style="bold"
        )
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    hidden = len(board.rows) - len(rows)
    notes = [f"{counted(hidden, 'trial')} more"] if hidden else []
    notes += [f"no room for {', '.join(more)}"] if more else []
    last = [Text("; ".join(notes), "dim", no_wrap=True, overflow="ellipsis")] if notes else []
    return Group(*head, table, *last, *waits)


class _Column:
    def __init__(self, title: str, cells: Sequence[Text]) -> None:
        self.title, self.cells = title, cells

    @property
    def width(self) -> int:
        return max(cell_len(self.title), *(cell.cell_len for cell in self.cells)) + _GAP


def _columns(board: Board, rows: Sequence[Row], width: int) -> tuple[list[_Column], list[str]]:
    """Columns that fit, and the short names of those that do not."""
    best = board.best
    columns = [_Column("trial", [Text(str(r.number)) for r in rows])]
    if len(board.plan.base) > 1:
        columns.append(_Column("architecture", [Text(r.architecture) for r in rows]))
    columns += [
        _Column("state", [Text(r.state, STYLES[r.state]) for r in rows]),
        _Column("folds", [Text(f"{len(r.fold_uas)}/{board.plan.num_folds}") for r in rows]),
        _Column(board.plan.score, [_score(r, r is best) for r in rows]),
        _Column("s", [Text(f"{board.row_s(r):.0f}") for r in rows]),
    ]
    left = width - sum(column.width for column in columns)
    more: list[str] = []
    for setting, short in short_names(board.settings).items():
        column = _Column(short, [_value(r, setting) for r in rows])
        if column.width <= left:
            left -= column.width
            columns.append(column)
        else:
            more.append(short)
    return columns, more


def _score(row: Row, is_best: bool) -> Text:
    if row.val_ua is None:
        return Text("")
    mark, style = ("★ ", "bold green") if is_best else ("", "")
    return Text(f"{mark}{row.val_ua:.3f}", style or ("" if row.state == "complete" else "dim"))


def _value(row: Row, setting: str) -> Text:
    return Text(shown_value(row.settings[setting]) if setting in row.settings else "")


def _head(board: Board) -> list[Text]:
    best, left_s = board.best, board.left_s
    first = Text(no_wrap=True, overflow="ellipsis")
    first.append(f"study {board.plan.study}", "bold")
    first.append(f"  {board.num_ended}/{board.plan.wanted} trials")
    for state in ("running", "pruned", "failed"):
        if count := board.count(state):
            first.append(f", {count} {state}", STYLES[state])
    if best is not None:
        name = f", {best.architecture}" if len(board.plan.base) > 1 else ""
        first.append(
            f"  best {board.plan.score} {best.val_ua:.3f} (trial {best.number}{name})",
            "bold green",
        )
    gpu = f", {board.gpu_seconds:,.0f} GPU s" if board.gpu_seconds else ""
    second = Text(
        f"elapsed {in_words(board.elapsed_s)}, left "
        f"{'unknown' if left_s is None else in_words(left_s)}, "
        f"cost {board.seconds:,.0f} s of training{gpu}",
        no_wrap=True,
        overflow="ellipsis",
    )
    return [first, second]
