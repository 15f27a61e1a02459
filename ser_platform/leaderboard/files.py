"""The leaderboard for other programs: which formats there are, and where they are written."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ser_platform.errors import SerError
from ser_platform.leaderboard.as_csv import as_csv
from ser_platform.leaderboard.as_json import as_json
from ser_platform.leaderboard.as_latex import as_latex
from ser_platform.leaderboard.as_markdown import as_markdown
from ser_platform.leaderboard.comparison import Comparisons
from ser_platform.leaderboard.rank import Board

FORMATS: Mapping[str, Callable[[Board, Comparisons], str]] = {
    "csv": as_csv,
    "json": as_json,
    "latex": as_latex,
    "markdown": as_markdown,
}
"""By the name of their option."""
STDOUT = "-"
"""In the place of a path."""


def write_files(board: Board, tested: Comparisons, paths: Mapping[str, str]) -> None:
    """Write each format to its path; folders are made.

    Raises:
        SerError: when a file cannot be written.
    """
    for name, path in paths.items():
        text = FORMATS[name](board, tested)
        if path == STDOUT:
            sys.stdout.write(text)
            continue
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")
        except OSError as e:
            raise SerError(
                f"--{name}: {path} cannot be written ({e.strerror}); name another"
            ) from e


def to_stdout(paths: Mapping[str, str]) -> bool:
    """Whether one of them goes to standard output, in the place of the table.

    Raises:
        SerError: when more than one does.
    """
    found = [f"--{name}" for name, path in paths.items() if path == STDOUT]
    if len(found) > 1:
        raise SerError(f"{' and '.join(found)}: only one of them can go to standard output")
    return bool(found)
