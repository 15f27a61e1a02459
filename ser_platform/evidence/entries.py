"""What is said of a system's test answers, as plain values that go into JSON as they are.

Intervals hold 95 %: percentile bootstrap over clusters (:mod:`ser_platform.evidence.intervals`).
All scores are shares.
"""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

ClusteredBy = Literal["dialogue", "speaker"]
"""What is drawn as a whole, because its utterances are alike."""
Score = Literal["wa", "ua", "macro_f1"]
SCORES: tuple[Score, ...] = ("wa", "ua", "macro_f1")
Trait = Literal["speaker", "sex", "style", "length", "wer"]
"""What utterances are told apart by; ``length`` in quarters of their seconds, ``wer`` from none
to high."""


class Estimate(NamedTuple):
    """A score and its interval."""

    value: float
    low: float
    high: float


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Spread(_Record):
    """The same score taken several times."""

    values: tuple[float, ...]
    mean: float
    std: float
    """With n - 1; 0 for one value."""


class Bin(_Record):
    """Answers of about the same confidence, the probability of the class that is answered."""

    low: float
    high: float
    """``low < confidence <= high``."""
    utterances: int
    """Answers to them: with several seeds each counts, as every training answers anew."""
    confidence: float
    """Mean."""
    accuracy: float


class Reliability(_Record):
    """Whether probabilities mean what they say."""

    ece: float
    """Expected calibration error: distance of accuracy and confidence, averaged over utterances
    bin by bin."""
    log_loss: float
    bins: tuple[Bin, ...]
    """Without empty ones."""


class Calibration(_Record):
    """Probabilities as they are, and softened by a temperature that validation chose."""

    plain: Reliability
    scaled: Reliability | None
    """None where nothing validates."""
    temperatures: tuple[float, ...]
    """One for each training (seed by seed, fold by fold), from 1/20 to 20; above 1 it was too sure
    of itself."""


class Subgroup(_Record):
    """Utterances that have a trait in common."""

    trait: Trait
    name: str
    """``Ses01F``, ``improvised``, ``1.2 to 2.9 s``."""
    utterances: int
    clusters: int
    """That they are of; an interval that stands on few is too narrow."""
    wa: float
    ua: float
    """Over the classes that are there."""
    ua_interval: tuple[float, float] | None
    """None where one cluster is all there is."""


class Evidence(_Record):
    """All that one system's test answers say, over all folds and seeds."""

    utterances: int
    clusters: int
    clustered_by: ClusteredBy
    seeds: tuple[int, ...]
    pooled: dict[Score, Estimate]
    """Over all folds; with several seeds the mean of their WA and UA, and macro-F1 of the mean
    matrix."""
    recalls: dict[str, Estimate]
    """By emotion; one without utterances is not there."""
    of_folds: dict[Score, Spread]
    """Of the first seed."""
    of_seeds: dict[Score, Spread]
    """Pooled over folds, seed by seed."""
    matrix: tuple[tuple[int, ...], ...]
    """Rows true, columns answered, in the order of ``EMOTIONS``; summed over folds and seeds."""
    calibration: Calibration
    subgroups: tuple[Subgroup, ...]


class PairedTest(_Record):
    """Two systems on the same utterances; differences are of the first less the second."""

    clusters: int
    clustered_by: ClusteredBy
    differences: dict[Score, Estimate]
    p_values: dict[Score, float]
    """Two-sided, twice the smaller tail; the answers of whole clusters change sides (Good 2005,
    paired permutation)."""
    exact: bool
    """Whether all ways of changing sides were counted; else a random part of them."""
    mcnemar: float | None
    """Exact two-sided p over utterances, which it takes for independent (McNemar 1947; Dietterich
    1998); None where a system has several seeds."""
    holm: dict[Score, float] | None = None
    """``p_values`` corrected for all tests of a table (Holm 1979); None for a test alone."""
    mcnemar_holm: float | None = None
    """``mcnemar`` corrected likewise, for all of a table that have it."""
