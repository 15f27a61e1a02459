"""Words -> vectors, for the words of a corpus only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_platform.config.inputs import EmbeddingConfig, Glove50Config, VectorFileConfig
from ser_platform.features.vector_files import Vector, read_file, read_glove50
from ser_platform.features.words import hyphen_pieces, pieces


@dataclass(frozen=True)
class WordVectors:
    """One vector per word of a vocabulary; rows are in the order of ``words``."""

    words: tuple[str, ...]
    """As they are written in the transcripts, in alphabetical order."""
    vectors: Vector
    """``[words, dimension]``; zeros for a word without vector."""
    unknown: tuple[str, ...]
    """Words without vector."""
    identity: dict[str, object]
    """All that fixes the vectors besides the words."""
    composed: tuple[str, ...] = ()
    """Words with the vector of their letters only, which fastText's binary models make."""


def load_vectors(config: EmbeddingConfig, vocabulary: Iterable[str]) -> WordVectors:
    """The vectors of a vocabulary; a contraction gets the mean of its parts (do + n't).

    A word with hyphens that is not known as a whole gets the mean of its parts too. What then
    is still unknown is composed of its letters by a source that can, and is zeros by another.

    Raises:
        ConfigError: when the source of the vectors is missing or malformed.
    """
    words = tuple(sorted(set(vocabulary)))
    wanted = {
        spelling
        for word in words
        for piece in (*pieces(word), *hyphen_pieces(word))
        for spelling in piece
    }
    match config:
        case Glove50Config():
            source = read_glove50(wanted)
        case VectorFileConfig():
            source = read_file(Path(config.path).expanduser(), wanted)
    vectors = np.zeros((len(words), source.dimension), np.float32)
    unknown, composed = [], []
    for row, word in enumerate(words):
        found = _known(pieces(word), source.found) or _known(hyphen_pieces(word), source.found)
        if not found and (found := _known(pieces(word), source.composed)):
            composed.append(word)
        if found:
            vectors[row] = np.mean(found, axis=0)
        else:
            unknown.append(word)
    identity = {
        "kind": config.kind,
        "version": 1,
        "sha256": source.sha256,
        "dimension": source.dimension,
        "unknown": "zeros",
    }
    return WordVectors(words, vectors, tuple(unknown), identity, tuple(composed))


def _known(parts: Iterable[tuple[str, ...]], vectors: Mapping[str, Vector]) -> list[Vector]:
    """The vectors of those parts that have one, each by its first spelling that has."""
    first = (next((s for s in part if s in vectors), None) for part in parts)
    return [vectors[spelling] for spelling in first if spelling is not None]
