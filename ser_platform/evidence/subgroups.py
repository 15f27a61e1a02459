"""For whom a system works: scores of utterances that have something in common."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ser_platform.evidence.answers import Answers
from ser_platform.evidence.entries import Subgroup, Trait
from ser_platform.evidence.intervals import clustered
from ser_platform.evidence.scores import ua, wa

_QUARTERS = (0.25, 0.5, 0.75)
_WERS = (0.0, 25.0, 50.0)
"""In %: no word wrong; up to a quarter; up to half; more. Ours."""


def subgroups(answers: Answers) -> tuple[Subgroup, ...]:
    """Every group of every trait that is known of all utterances and tells some of them apart."""
    return tuple(
        _scored(answers, cut.trait, name, cut.groups == group)
        for cut in _cuts(answers)
        if "" not in cut.names and len(np.unique(cut.groups)) > 1
        for group, name in enumerate(cut.names)
        if group in cut.groups
    )


def _scored(answers: Answers, trait: Trait, name: str, chosen_N: NDArray[np.bool_]) -> Subgroup:
    counts = answers.counts(chosen_N)
    estimate = clustered(counts, ua)
    return Subgroup(
        trait=trait,
        name=name,
        clusters=len(counts),
        utterances=int(chosen_N.sum()),
        wa=float(wa(counts.sum(axis=0))),
        ua=estimate.value,
        ua_interval=(estimate.low, estimate.high) if len(counts) > 1 else None,
    )


class _Cut(NamedTuple):
    """Groups by one trait, and the group of each utterance."""

    trait: Trait
    names: list[str]
    groups: NDArray[np.int64]


def _cuts(answers: Answers) -> Iterator[_Cut]:
    yield _by_name("speaker", answers.speakers)
    known = answers.circumstances
    if known is None:
        return
    yield _by_name("sex", known.sexes)
    yield _by_name("style", known.styles)
    seconds = np.array(known.seconds)
    yield _by_value("length", seconds, np.quantile(seconds, _QUARTERS), "s")
    if known.word_errors is not None:
        rates = 100 * np.array(known.word_errors) / np.maximum(known.words, 1)
        yield _by_value("wer", rates, np.array(_WERS), "%")


def _by_name(trait: Trait, names: Sequence[str]) -> _Cut:
    different, groups = np.unique(names, return_inverse=True)
    return _Cut(trait, different.tolist(), groups)


def _by_value(
    trait: Trait, values: NDArray[np.float64], edges: NDArray[np.float64], unit: str
) -> _Cut:
    shown = [f"{edge:.3g}" for edge in edges]
    between = [f"{low} to {high} {unit}" for low, high in pairwise(shown)]
    names = [f"up to {shown[0]} {unit}", *between, f"above {shown[-1]} {unit}"]
    return _Cut(trait, names, np.searchsorted(edges, values))
