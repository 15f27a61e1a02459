"""The leaderboard as text."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ser_platform.leaderboard.published import NOTES, PUBLISHED
from ser_platform.leaderboard.rank import Board, Group, Row
from ser_platform.results import RunResult
from ser_platform.tracking.entries import LoggedFinal
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE

_PIPED_WIDTH = 500
"""Wide enough that nothing is wrapped or cut when no person watches."""

_RED = "bold red"
_LOOKED_AGAIN = (
    "(2) and up: the test part had been scored before, after another selection of the same study."
)
_HONEST = (
    '"honest": the same training, its epoch chosen without a look at the test part; "gap": the '
    "points of UA that the look added."
)
_LEGEND = "WA and UA in %, pooled over all folds; beside them mean±standard deviation over folds."


def render(board: Board, console: Console) -> None:
    """Print the ranked groups, what could not be ranked, and the papers' figures."""
    for group in board.groups:
        _show_group(group, console)
    if board.groups:
        _say(console, f"{_LEGEND}\n")
    if board.unranked:
        _say(console, "Not ranked:", "bold")
        for final in board.unranked:
            _say(console, f"  {_unranked(final)}")
        _say(console, "")
    _show_published(console)


def default_console() -> Console:
    """Standard output: as wide as the terminal, and unwrapped when it goes elsewhere."""
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)


def _show_group(group: Group, console: Console) -> None:
    _say(console, group.title, "bold")
    if group.synthetic:
        _say(console, SYNTHETIC_NOTE, "bold yellow")
    if group.selected_on_test:
        _say(console, ON_TEST_NOTE, _RED)
    table = _table()
    honest = ["honest WA", "honest UA", "gap"] * group.selected_on_test
    for name in ("#", "model", "WA", "UA", *honest, "WA folds", "UA folds", "params", "train"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    table.add_column("study", overflow="ellipsis")  # the one that gives way
    for name in ("run", "trained"):
        table.add_column(name, no_wrap=True)
    for row in group.rows:
        table.add_row(*_cells(row))
    console.print(table)
    if group.selected_on_test:
        _say(console, _HONEST, _RED)
    if any(row.result.scoring > 1 for row in group.rows):
        _say(console, _LOOKED_AGAIN, "bold yellow")


def _cells(row: Row) -> list[str | Text]:
    result, test = row.result, row.test
    return [
        str(row.rank),
        _model(result),
        *_scores(row),
        f"{_percent(test.wa_mean)}±{_percent(test.wa_std)}",
        f"{_percent(test.ua_mean)}±{_percent(test.ua_std)}",
        f"{row.num_parameters:,}",
        f"{result.seconds:.0f} s",
        result.study,
        row.run_id[:8],
        row.finished_at.astimezone().strftime("%Y-%m-%d"),
    ]


def _model(result: RunResult) -> Text:
    """Its name, and marks of what makes its score mean less."""
    text = Text(result.architecture)
    if result.selected_on_test:
        text.append(" !TEST", _RED)
    if result.scoring > 1:
        text.append(f" ({result.scoring})", "bold yellow")
    return text


def _scores(row: Row) -> list[str | Text]:
    """WA and UA; red with the honest ones and the gap beside, where the test part chose."""
    own = [_percent(row.test.wa), _percent(row.test.ua)]
    if row.honest is None or row.gap_ua is None:
        return [*own]
    return [
        *(Text(score, "red") for score in own),
        _percent(row.honest.wa),
        _percent(row.honest.ua),
        f"{100 * row.gap_ua:+.1f}",
    ]


def _unranked(final: LoggedFinal) -> str:
    return f"{final.architecture}, study {final.study}, run {final.run_id[:8]}: {final.problem}"


def _show_published(console: Console) -> None:
    _say(console, "Printed in the papers, for reference: protocols differ, do not compare", "dim")
    table = _table("dim")
    for name in ("WA", "UA"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("model", "transcript", "printed in"):
        table.add_column(name, no_wrap=True)
    for row in PUBLISHED:
        ua = "" if row.ua is None else _percent(row.ua)
        table.add_row(_percent(row.wa), ua, row.model, row.transcript, row.source, style="dim")
    console.print(table)
    for paper, note in NOTES.items():
        _say(console, f"{paper}: {note}.", "dim")
    _say(console, "")


def _table(style: str = "bold") -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style=style)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _say(console: Console, text: str, style: str = "") -> None:
    """Plain words, in which brackets are no markup."""
    console.print(Text(text, style))
