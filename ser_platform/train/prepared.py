"""The data of an architecture as trials know it: by reference."""

from dataclasses import dataclass
from typing import Any

from ser_platform.circumstances import Circumstances
from ser_platform.corpora.folds import Fold
from ser_platform.train.resident import Resident, TestPart


@dataclass(frozen=True)
class Prepared:
    """The data of one architecture, in Ray's object store, and what identifies it."""

    folds: tuple[Fold, ...]
    code: str
    """Digest of the sources that change numbers, as the driver has them."""
    whole: Resident
    """For scoring; nothing else may ask for it."""
    sealed: dict[TestPart, Resident]
    """By the test part that it is without: what a fold is trained on."""
    digest: str
    data: dict[str, Any]
    """For the record: manifest key, digest, counts."""
    phonemes: tuple[str, ...]
    """The symbols of the corpus, in the order of their numbers."""
    corpus: str
    """Name of the corpus."""
    utterances: str
    """Digest of who says what with which label; equal for all architectures."""
    synthetic: bool
    circumstances: Circumstances
    """Of its utterances, for what is said of results."""
