"""The tables and findings of pages as text."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ser_platform.pages.page import Finding, Table

_PIPED_WIDTH = 500
"""Wide enough that nothing is wrapped or cut when no person watches."""
_STYLES = {"bad": "bold red", "warning": "bold yellow", "good": "green", "plain": "cyan"}


def console() -> Console:
    """Standard output: as wide as the terminal, and unwrapped when it goes elsewhere."""
    own = Console()
    return own if own.is_terminal else Console(width=_PIPED_WIDTH)


def say(to: Console, text: str, style: str = "") -> None:
    """Plain words, in which brackets are no markup."""
    to.print(Text(text, style), soft_wrap=True)


def show_table(to: Console, table: Table) -> None:
    """A table under its caption."""
    say(to, table.caption, "bold")
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for index, column in enumerate(table.columns):
        grid.add_column(column, justify="left" if index < table.names else "right")
    for row in table.rows:
        grid.add_row(*map(Text, row))
    to.print(grid)


def show_findings(to: Console, findings: Iterable[Finding]) -> None:
    """One line for each, and what it means under it."""
    for finding in findings:
        mark = Text(f"{finding.mark:<10}", _STYLES[finding.tone])
        to.print(mark + Text(finding.title, "default"), soft_wrap=True)
        if finding.text:
            say(to, f"{'':10}{finding.text}", "dim")
