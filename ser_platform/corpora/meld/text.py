"""MELD's texts, whose apostrophes and dashes went through wrong encodings more than once.

Copies differ: some are Windows-1252 files, some UTF-8 files in which the single bytes of
Windows-1252 became control characters (U+0092 for an apostrophe), and some UTF-8 files that were
taken for Windows-1252 and encoded again.
"""

import re
from pathlib import Path

from ser_platform.corpora.problems import read_text
from ser_platform.errors import CorpusError

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_CONTROL = re.compile(r"[\x80-\x9f]")


def read_meld_text(path: Path, notes: list[str]) -> str:
    """The text of a CSV file as it was meant; ``notes`` says what was mended.

    Raises:
        CorpusError: when it is neither UTF-8 nor Windows-1252, or cannot be read.
    """
    try:
        text = read_text(path)
    except CorpusError:
        text = _windows_text(path)
        notes.append(f"{path}: not UTF-8, read as Windows-1252")
    mended = _NOT_ASCII.sub(lambda run: _mended(run[0]), text)
    lines = zip(text.split("\n"), mended.split("\n"), strict=True)
    if count := sum(before != after for before, after in lines):
        notes.append(f"{path}: characters of a wrong encoding mended on {count} lines")
    return mended


def _windows_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("cp1252")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}, line {line}: neither UTF-8 nor Windows-1252 text; save it as UTF-8"
        ) from None


def _mended(run: str) -> str:
    """UTF-8 taken for Windows-1252 is undone, then single bytes of Windows-1252 are read."""
    try:
        return b"".join(map(_windows_byte, run)).decode()
    except UnicodeError:
        return _CONTROL.sub(lambda c: _from_windows(c[0]), run)


def _windows_byte(character: str) -> bytes:
    """The byte that became this character; a control character stands for its own code."""
    return character.encode("latin-1" if _CONTROL.fullmatch(character) else "cp1252")


def _from_windows(control: str) -> str:
    """U+0092 is an apostrophe; the five codes that Windows-1252 does not use stay."""
    return control.encode("latin-1").decode("cp1252", errors="ignore") or control
