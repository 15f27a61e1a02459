"""The leaderboard of an MLflow experiment, from reading to printing."""

import logging

from rich.console import Console
from rich.text import Text

from ser_platform.errors import TrackingError
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.leaderboard.terminal import default_console, render
from ser_platform.tracking.read import read_finals
from ser_platform.tracking.uri import ui_command, ui_link

_log = logging.getLogger(__name__)

_HOW_TO_FILL = "python -m ser_platform.tune experiments/demo.yaml"


def show_if_possible(uri: str, experiment: str) -> None:
    """:func:`show` at the end of a study, which MLflow being away does not make a failure."""
    try:
        show(uri, experiment)
    except TrackingError as e:
        _log.warning("no leaderboard: %s", e)


def show(uri: str, experiment: str, console: Console | None = None) -> Board:
    """Print every ranked final scoring of an MLflow experiment, and the papers' figures.

    Raises:
        TrackingError: when MLflow, its database or the experiment is not there.
    """
    finals = read_finals(uri, experiment)
    board = rank(finals.runs)
    console = console or default_console()
    render(board, console)
    if not board.groups:
        console.print(
            Text(f"No complete result in '{experiment}' at {uri}. Run `{_HOW_TO_FILL}`.")
        )
    console.print("All runs and plots:")
    for line in (ui_command(uri), ui_link(uri, finals.experiment_id)):
        console.print(Text(f"  {line}"), soft_wrap=True)  # one line, to be copied
    return board
