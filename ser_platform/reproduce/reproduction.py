"""A reproduction from its rows to its files; whatever ends it, what is done is written."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from ser_platform.errors import SerError
from ser_platform.pages.terminal import console, say, show_table
from ser_platform.reproduce.latex import as_latex
from ser_platform.reproduce.markdown import as_markdown
from ser_platform.reproduce.outcome import Outcome, waiting
from ser_platform.reproduce.record import as_json
from ser_platform.reproduce.report import Line, Report, report
from ser_platform.reproduce.rows import PaperRow
from ser_platform.reproduce.running import Corpora, open_rows, run_row
from ser_platform.reproduce.tables import in_full, line_in_words, table_in_words
from ser_platform.train.session import Session

_log = logging.getLogger(__name__)

MARKDOWN, LATEX, JSON = "reproduction.md", "reproduction.tex", "reproduction.json"
FOLDER = "reproductions/"
"""In the store."""


@dataclass
class Reproduction:
    """Rows, and what has become of them so far."""

    rows: Sequence[PaperRow]
    command: str
    """That makes the tables, as they show it."""
    done: list[Outcome] = field(default_factory=list)
    """Of the first rows."""

    @property
    def report(self) -> Report:
        """All rows, also those that wait."""
        rest = map(waiting, self.rows[len(self.done) :])
        return report([*self.done, *rest], self.command)


def reproduce(
    rows: Sequence[PaperRow], seeds: int, command: str, copies: Mapping[str, Path]
) -> int:
    """Run or resume every row and write the tables; 1 when a row failed, else 0.

    Args:
        rows: in the order of the tables.
        seeds: how many trainings a row is.
        command: that makes the tables, as they show it.
        copies: where else a file is written, by its name in the store.

    Raises:
        SerError: what no row can do without; what is done is written before.
    """
    corpora, so_far, to = Corpora(), Reproduction(rows, command), console()
    with open_rows(rows, corpora, seeds) as session:
        try:
            for number, row in enumerate(rows, 1):
                outcome = run_row(session, row, corpora, seeds)
                so_far.done.append(outcome)
                _tell(outcome, f"{number} of {len(rows)}")
                if number < len(rows) and rows[number].printed.source != row.printed.source:
                    _show_whole(so_far.report, row.printed.source, to)
        finally:
            if so_far.done:
                _publish(so_far.report, session, copies, to)
    return int(any(outcome.state == "failed" for outcome in so_far.done))


def files(whole: Report) -> dict[str, bytes]:
    """A report as files, by name."""
    words = in_full(whole)
    texts = {MARKDOWN: as_markdown(words), LATEX: as_latex(words), JSON: as_json(whole)}
    return {name: text.encode() for name, text in texts.items()}


def show(whole: Report, to: Console) -> None:
    """Print the tables."""
    words = in_full(whole)
    for warning in words.warnings:
        say(to, warning, "bold yellow")
    for table in words.tables:
        show_table(to, table)
    for note in words.notes:
        say(to, note, "dim")


def _show_whole(so_far: Report, source: str, to: Console) -> None:
    """A table whose rows are all decided, while those after it run."""
    for table in so_far.tables:
        if table.source == source:
            show_table(to, table_in_words(table))


def _publish(whole: Report, session: Session, copies: Mapping[str, Path], to: Console) -> None:
    """Show the tables, write and store them, hand them to the log; the surest first."""
    show(whole, to)
    written = files(whole)
    for name, path in copies.items():
        _write(path, written[name])
        say(to, f"  {path}")
    session.lease.confirm()
    for name, content in written.items():
        key = f"{FOLDER}{session.key}/{name}"
        session.store.write(key, content)
        say(to, f"  {session.store.url}/{key}")
    session.tracker.attach({f"reproduction/{name}": text for name, text in written.items()})


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as e:
        raise SerError(f"{path} cannot be written ({e.strerror}); name another") from e


def _tell(outcome: Outcome, place: str) -> None:
    """One line, as soon as something became of a row."""
    name = outcome.row.name
    if outcome.state != "done":
        _log.warning("row    %s (%s) %s: %s", name, place, outcome.state, outcome.reason)
        return
    cells = line_in_words(Line(outcome))
    _log.info("row    %s (%s) WA %s  UA %s, printed %s", name, place, cells[3], cells[4], cells[2])
