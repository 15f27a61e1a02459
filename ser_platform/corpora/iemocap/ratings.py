"""What raters gave an utterance: the means of its label line, and the votes in the lines below.

    [6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>[2.5000, 2.5000, 2.5000]
    C-E2:<tab>Neutral;<tab>()
    C-E3:<tab>Happiness; Excited;<tab>(laughs)
    C-F1:<tab>Neutral;<tab>(curious)
    A-E3:<tab>val 3; act 2; dom  2;<tab>()
    <empty line>

There are as many rater lines as there were raters. ``E`` are raters who listened; ``F`` and ``M``
are the actors on themselves, who know what they meant: neither the release's label nor its means
count them, so they are no votes here.
"""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from ser_platform.utterance import Dimensions

_MEANS = re.compile(r"\[([^,\]]+),([^,\]]+),([^,\]]+)\]")
_VOTE = re.compile(r"C-E\d+:([^(]*)")


def parse_dimensions(cell: str) -> Dimensions | None:
    """``[V, A, D]``, each from 1 to 5; None when the cell is something else."""
    match = _MEANS.fullmatch(cell.strip())
    try:
        valence, activation, dominance = map(float, match.groups() if match else ())
    except ValueError:
        return None
    if not math.isfinite(valence + activation + dominance):
        return None
    return Dimensions(valence, activation, dominance)


def parse_votes(below: Iterable[str]) -> tuple[str, ...]:
    """The categories in the lines below a label line, up to the next empty one.

    A rater who gave two categories counts with both.
    """
    block = takewhile(lambda line: line.strip() and not line.startswith("["), below)
    return tuple(category for line in block for category in _categories(line))


def _categories(line: str) -> Iterator[str]:
    if match := _VOTE.match(line):
        yield from filter(None, map(str.strip, match[1].split(";")))
