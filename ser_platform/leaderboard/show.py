"""The leaderboard of an MLflow experiment, from reading to printing."""

import logging
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from rich.console import Console
from rich.text import Text

from ser_platform.errors import ResultError, TrackingError
from ser_platform.leaderboard.choice import find_row, only_protocol
from ser_platform.leaderboard.comparison import comparisons
from ser_platform.leaderboard.files import to_stdout, write_files
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.leaderboard.reference import reference_rows
from ser_platform.leaderboard.terminal import default_console, render
from ser_platform.tracking.board_view import view_key, view_tag
from ser_platform.tracking.entries import Finals
from ser_platform.tracking.pictures import read_pictures
from ser_platform.tracking.read import read_finals
from ser_platform.tracking.uri import ui_command, ui_link

_log = logging.getLogger(__name__)

_HOW_TO_FILL = "python -m ser_platform.tune experiments/demo.yaml"


def show_if_possible(uri: str, experiment: str) -> None:
    """:func:`show` at the end of a study, which has succeeded even if nothing can be shown."""
    try:
        show(uri, experiment)
    except (TrackingError, ResultError) as e:
        _log.warning("no leaderboard: %s", e)


def show(
    uri: str,
    experiment: str,
    *,
    protocol: str = "",
    against: str = "",
    files: Mapping[str, str] = MappingProxyType({}),
    page: Path | None = None,
) -> Board:
    """Print every ranked final scoring of an MLflow experiment, and figures printed elsewhere.

    Args:
        uri: of MLflow.
        experiment: its name there.
        protocol: the beginning of a protocol id, to show that group alone.
        against: a run, or ``study/model``, to test its group against; empty: the best of each.
        page: file of a page with plots, and pictures as MLflow holds them.
        files: format -> path; a path ``-`` is standard output, and then the table is not printed.

    Raises:
        TrackingError: when MLflow, its database or the experiment is not there.
        ResultError: when a protocol or run is not there, or is several.
        SerError: when a file cannot be written.
    """
    is_piped = to_stdout(files)
    finals = read_finals(uri, experiment)
    board = rank(finals.runs)
    if protocol:
        board = only_protocol(board, protocol)
    reference = find_row(board, against) if against else None
    tested = comparisons(board, reference)
    if not is_piped:
        console = default_console()
        render(board, tested, console)
        _say_where(board, uri, experiment, finals, console)
    write_files(board, tested, files)
    if page is not None:
        # matplotlib and pictures are loaded for those who ask for a page.
        from ser_platform.leaderboard.page import write_page

        runs = [row.run_id for group in board.groups for row in group.rows]
        write_page(board, page, read_pictures(uri, runs), reference_rows(board))
    return board


def _say_where(board: Board, uri: str, experiment: str, finals: Finals, console: Console) -> None:
    if not board.groups:
        console.print(
            Text(f"No complete result in '{experiment}' at {uri}. Run `{_HOW_TO_FILL}`.")
        )
    console.print("All runs and plots:")
    for line in (ui_command(uri), ui_link(uri, finals.experiment_id)):
        console.print(Text(f"  {line}"), soft_wrap=True)  # one line, to be copied
    _show_views(board, uri, finals, console)


def _show_views(board: Board, uri: str, finals: Finals, console: Console) -> None:
    """Where MLflow shows the groups itself; results of earlier versions have no view."""
    shared = [g.protocol_id for g in board.groups if view_tag(g.protocol_id) in finals.tags]
    if shared:
        console.print("The same board in MLflow, a protocol each:")
    for protocol_id in shared:
        link = ui_link(uri, finals.experiment_id, view_key(protocol_id))
        console.print(Text(f"  {link}"), soft_wrap=True)
