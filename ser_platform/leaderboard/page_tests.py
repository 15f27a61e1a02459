"""Paired tests of a group, against whichever row the reader of the page chooses."""

from collections.abc import Mapping

from ser_platform.evidence.answers import answers
from ser_platform.evidence.entries import SCORES, PairedTest, Score
from ser_platform.evidence.holm import holm
from ser_platform.evidence.paired import Pair, every_pair, these_pairs, turned
from ser_platform.leaderboard.rank import Group

MOST = 12
"""Rows that are all tested against each other; of more, all against the first."""

Tests = Mapping[str, Mapping[str, PairedTest]]
"""Reference -> other row, by run ids; differences are of that row less the reference, p values
Holm-corrected for all rows tested against it."""


def against_each(group: Group) -> Tests:
    """Against each row, or of a large group against the first alone.

    Raises:
        ResultError: when its rows did not answer to the same utterances.
    """
    systems = [answers(row.results) for row in group.rows]
    if len(systems) > MOST:
        found = these_pairs(systems, [(0, other) for other in range(1, len(systems))])
        references = [0]
    else:
        found, references = every_pair(systems), list(range(len(systems)))
    names = [row.run_id for row in group.rows]
    return {names[reference]: _against(reference, found, names) for reference in references}


def as_texts(tests: Tests) -> dict[str, dict[str, dict[str, list[str | float]]]]:
    """What the page's script writes into cells, and sorts by.

    Reference -> row -> score: difference and its interval on two lines, p, corrected p; the
    difference and the corrected p as numbers. ``mcnemar``, where it was taken: only its p.
    """
    return {
        reference: {name: _of_scores(test) for name, test in against.items()}
        for reference, against in tests.items()
    }


def in_words(p: float) -> str:
    """A p value; beyond three decimals it says no more."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _of_scores(test: PairedTest) -> dict[str, list[str | float]]:
    found = {str(score): _texts(test, score) for score in SCORES}
    if test.mcnemar is not None and test.mcnemar_holm is not None:
        p, corrected = test.mcnemar, test.mcnemar_holm
        found["mcnemar"] = ["", in_words(p), in_words(corrected), "", round(corrected, 4)]
    return found


def _texts(test: PairedTest, score: Score) -> list[str | float]:
    assert test.holm is not None
    found, p, corrected = test.differences[score], test.p_values[score], test.holm[score]
    difference = f"{_points(found.value)}\n[{_points(found.low)}, {_points(found.high)}]"
    return [
        difference,
        in_words(p),
        in_words(corrected),
        round(100 * found.value, 3),
        round(corrected, 4),
    ]


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "\N{MINUS SIGN}")


def _against(
    reference: int, found: Mapping[Pair, PairedTest], names: list[str]
) -> dict[str, PairedTest]:
    tests = {}
    for other, name in enumerate(names):
        if (other, reference) in found:
            tests[name] = found[other, reference]
        elif (reference, other) in found:
            tests[name] = turned(found[reference, other])
    return dict(zip(tests, holm(list(tests.values())), strict=True))
