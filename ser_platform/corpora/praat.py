"""Text files of Praat: free-standing numbers, quoted texts, and flags such as ``<exists>``.

Whatever else is in them is for people (Praat's manual, "TextGrid file formats"), so one reader
serves their long format and their short one.
"""

import codecs
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ser_platform.corpora.problems import read_text
from ser_platform.errors import CorpusError

_TOKEN = re.compile(r'"(?:[^"]|"")*"|![^\n]*|[^\s"]+')
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int


class Tokens:
    """The numbers, texts and flags of a file, taken one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tokens = _meaningful(_praat_text(path))
        self._last_line = 1

    def text(self, what: str) -> str:
        """The next token, which is a quoted text."""
        token = self._next(what)
        if not token.text.startswith('"'):
            raise self.wrong(what, token.text)
        return token.text[1:-1].replace('""', '"').strip()

    def number(self, what: str) -> float:
        """The next token, which is a number."""
        token = self._next(what)
        if not _NUMBER.fullmatch(token.text) or not math.isfinite(float(token.text)):
            raise self.wrong(what, token.text)
        return float(token.text)

    def flag(self, what: str) -> str:
        """The next token, which is neither."""
        return self._next(what).text

    def wrong(self, what: str, found: str) -> CorpusError:
        """What to raise when the token just taken is not what a TextGrid has there."""
        return CorpusError(
            f"{self.path}, line {self._last_line}: no TextGrid of Praat: expected {what}, "
            f"found {found}"
        )

    def count(self, what: str) -> int:
        """The next token, which is a whole number from 0."""
        number = self.number(what)
        if number != int(number) or number < 0:
            raise self.wrong(what, f"{number:g}")
        return int(number)

    def _next(self, what: str) -> _Token:
        token = next(self._tokens, None)
        if token is None:
            raise self.wrong(what, "the end of the file")
        self._last_line = token.line
        return token


def _meaningful(text: str) -> Iterator[_Token]:
    line, counted = 1, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if token[0] == '"' or token in ("<exists>", "<absent>") or _NUMBER.fullmatch(token):
            yield _Token(token, line)


def _praat_text(path: Path) -> str:
    """UTF-8, or the UTF-16 that Praat writes where a text is not ASCII."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from None
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return read_text(path)
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: UTF-16 text that is broken ({error.reason})") from None
