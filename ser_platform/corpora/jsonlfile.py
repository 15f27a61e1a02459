"""Reads JSON lines, an object on each, and says which line is wrong, and how."""

import json
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ser_platform.corpora.csvfile import CsvFile, Row
from ser_platform.corpora.problems import listed, read_text
from ser_platform.errors import CorpusError


def read_jsonl(path: Path, needed: Collection[str], problems: list[str]) -> CsvFile:
    """The file's objects as rows: a number is its text, null and an absent key are empty.

    Args:
        path: of the file.
        needed: keys that every object must have, if any has.
        problems: gets a line for each object that cannot be used.

    Raises:
        CorpusError: when it is not there, not text, or holds no object.
    """
    objects: dict[int, dict[str, str]] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            try:
                objects[number] = _cells(json.loads(line, object_pairs_hook=_once))
            except (ValueError, TypeError) as error:
                problems.append(f"{path}, line {number}: {_reason(error)}")
    columns = tuple(dict.fromkeys(key for cells in objects.values() for key in cells))
    if not columns:
        found = f": {problems[-1]}" if problems else ""
        raise CorpusError(f"{path}: no JSON object in it, one is needed on each line{found}")
    for number, cells in objects.items():
        if missing := [key for key in needed if key in columns and key not in cells]:
            problems.append(f"{path}, line {number}: no {listed(map(repr, missing))}")
    empty = dict.fromkeys(columns, "")
    rows = tuple(Row(number, {**empty, **cells}) for number, cells in objects.items())
    return CsvFile(path, columns, rows)


def _cells(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object {{...}}, found {_shown(value)}")
    return {key.strip(): _text(key, own) for key, own in value.items()}


def _text(key: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return unicodedata.normalize("NFC", value.strip())
        case int() | float() if not isinstance(value, bool):
            return str(value)
        case _:
            raise TypeError(f"'{key}' is {_shown(value)}, not a text or a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = dict.fromkeys(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{listed(map(repr, twice))} is there more than once")
    return found


def _reason(error: ValueError | TypeError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON ({error.msg} at character {error.pos + 1})"
    return str(error)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]
