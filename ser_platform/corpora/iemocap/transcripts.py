"""`dialog/transcriptions/<dialogue>.txt`: what was said."""

import re
from pathlib import Path

from ser_platform.corpora.problems import read_text

# "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me." The text may hold colons itself, and
# other lines are remarks without an id ("M: sorry").
_LINE = re.compile(r"(Ses\S+) \[[^\]]*\]:(.*)")


def read_transcripts(file: Path) -> dict[str, str]:
    """Utterance id -> text without bracketed noises such as ``[LAUGHTER]``.

    Turns that nobody rated (``..._FXX0``) are in it too; an id given twice keeps its first text.

    Raises:
        CorpusError: when the file cannot be read.
    """
    transcripts: dict[str, str] = {}
    for line in read_text(file).splitlines():
        if match := _LINE.match(line):
            transcripts.setdefault(match[1], _without_noises(match[2]))
    return transcripts


def _without_noises(text: str) -> str:
    return " ".join(token for token in text.split() if "[" not in token and "]" not in token)
