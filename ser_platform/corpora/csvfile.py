"""Reads CSV that people and spreadsheets wrote, and says which line is wrong, and how."""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ser_platform.corpora.problems import did_you_mean, listed, read_text
from ser_platform.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it starts on, and its cells by column name."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file with a header; cells are NFC, and stripped of blanks at their ends."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def column(self, *names: str, setting: str = "") -> str:
        """The first of ``names`` that the file has.

        Raises:
            CorpusError: naming the columns found and the nearest one.
        """
        for name in names:
            if name in self.columns:
                return name
        wanted = " or ".join(f"'{name}'" for name in names)
        by = f" ({setting})" if setting else ""
        raise CorpusError(
            f"{self.path}, line 1: no column {wanted}{by}; found {listed(self.columns, 30)}"
            + did_you_mean(names[0], self.columns)
        )


def read_csv(path: Path, problems: list[str]) -> CsvFile:
    """The file's rows; a row with another number of cells than the header is a problem.

    Raises:
        CorpusError: when it is not there, not text, without a header, or not separated by commas.
    """
    return parse_csv(path, read_text(path), problems)


def parse_csv(path: Path, text: str, problems: list[str]) -> CsvFile:
    """The same for a text that was read already.

    Raises:
        CorpusError: when it is without a header, or not separated by commas.
    """
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    columns: tuple[str, ...] | None = None
    line = 1
    try:
        for raw in lines:
            cells = [unicodedata.normalize("NFC", cell.strip()) for cell in raw]
            if columns is None:
                columns = _header(path, cells)
            elif len(cells) == len(columns):
                rows.append(Row(line, dict(zip(columns, cells, strict=True))))
            elif cells:
                problems.append(_wrong_length(path, line, len(cells), len(columns)))
            line = lines.line_num + 1
    except csv.Error as error:
        raise CorpusError(
            f"{path}, line {line}: not valid CSV ({error}); is a quotation mark left open?"
        ) from None
    if columns is None:
        raise CorpusError(f"{path}: empty; its first line must name the columns")
    return CsvFile(path, columns, tuple(rows))


def _header(path: Path, cells: list[str]) -> tuple[str, ...]:
    if len(cells) < 2:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "'|'")):
            if any(mark in cell for cell in cells):
                raise CorpusError(
                    f"{path}, line 1: columns are separated by {name}; separate them by commas "
                    '("CSV UTF-8" in a spreadsheet)'
                )
    twice = [name for name, count in Counter(cells).items() if count > 1 and name]
    if twice:
        raise CorpusError(f"{path}, line 1: column {listed(twice)} is there more than once")
    return tuple(cells)


def _wrong_length(path: Path, line: int, found: int, expected: int) -> str:
    cells = "cell" if found == 1 else "cells"
    hint = " (a comma inside a text needs quotation marks round the text)" * (found > expected)
    return f"{path}, line {line}: {found} {cells}, the header has {expected}{hint}"
