"""NIST's CTM: one word or phoneme of a recording in each line, with its time.

    <recording> <channel> <start s> <duration s> <symbol> [<confidence>]

Lines that start with ``;;`` are comments.
"""

import math
from collections import defaultdict
from pathlib import Path

from ser_platform.corpora.problems import read_text
from ser_platform.corpora.words import Segment


def read_ctm(path: Path, problems: list[str]) -> dict[str, list[Segment]]:
    """Segments by recording, in the order of the file; ``problems`` gets a line for each bad one.

    Raises:
        CorpusError: when the file cannot be read.
    """
    segments: dict[str, list[Segment]] = defaultdict(list)
    for number, line in enumerate(read_text(path).splitlines(), 1):
        cells = line.split()
        if not cells or cells[0].startswith(";;"):
            continue
        times = _times(cells)
        if times is None:
            problems.append(
                f"{path}, line {number}: expected 'recording channel start duration symbol', "
                f"found '{line.strip()}'"
            )
            continue
        segments[cells[0]].append(Segment(cells[4], *times))
    return segments


def _times(cells: list[str]) -> tuple[float, float] | None:
    """Start and end in seconds, if the line has them."""
    try:
        start_s, duration_s = float(cells[2]), float(cells[3])
    except (ValueError, IndexError):
        return None
    if len(cells) < 5 or not (math.isfinite(start_s + duration_s) and start_s >= 0 < duration_s):
        return None
    return start_s, start_s + duration_s
