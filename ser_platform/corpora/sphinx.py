"""Sphinx-3 alignments, ``<utterance>.wdseg`` and ``<utterance>.phseg``: IEMOCAP has them."""

from collections.abc import Iterator
from pathlib import Path

from ser_platform.corpora.problems import read_text
from ser_platform.corpora.words import Segment, timed_words
from ser_platform.errors import CorpusError
from ser_platform.utterance import Word

FRAMES_PER_S = 100


def read_alignment(folder: Path, utterance: str) -> tuple[Word, ...]:
    """Words with their phonemes; none when the release has no word alignment.

    Raises:
        CorpusError: naming file and line of a row that is not an alignment's.
    """
    words, phonemes = (folder / f"{utterance}.{kind}" for kind in ("wdseg", "phseg"))
    if not words.is_file():
        return ()
    return timed_words(_segments(words), _segments(phonemes) if phonemes.is_file() else ())


def _segments(file: Path) -> Iterator[Segment]:
    """Rows ``SFrm EFrm SegAScr Name``, the end frame inclusive, 10 ms each.

    A phoneme in context has three columns more (left, right, position in the word).
    """
    for number, line in enumerate(read_text(file).splitlines(), 1):
        cells = line.split()
        if not cells or cells[0] in ("SFrm", "Total"):
            continue
        try:
            first, last, name = int(cells[0]), int(cells[1]), cells[3]
        except (ValueError, IndexError):
            raise CorpusError(
                f"{file}, line {number}: expected 'SFrm EFrm SegAScr Name', found '{line.strip()}'"
            ) from None
        if not 0 <= first <= last:
            raise CorpusError(
                f"{file}, line {number}: '{name}' goes from frame {first} to frame {last}"
            )
        yield Segment(name, first / FRAMES_PER_S, (last + 1) / FRAMES_PER_S)
