"""fastText's binary models: vectors of words, and of n-grams of letters for any other word.

Written after fastText 0.9.2: ``src/fasttext.cc``, ``src/args.cc``, ``src/dictionary.cc`` and
``src/densematrix.cc``. B n-gram buckets, D dimension.
"""

import struct
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ser_platform.features.vector_files import Vector, Vectors, finite
from ser_platform.features.vector_source import Source

MAGIC = struct.pack("<i", 793_712_314)
_VERSION = 12  # since 2017; what is published has it
_SUPERVISED = 3
_LONGEST_WORD = 100_000  # bytes


@dataclass(frozen=True)
class _Header:
    dimension: int
    buckets: int
    shortest: int
    longest: int
    """Letters of an n-gram."""
    words: int
    labels: int


def read(source: Source, wanted: Collection[str]) -> Vectors:
    """Vectors of ``wanted``: a known word's own row and its n-grams', or the n-grams' alone.

    As ``get_word_vector`` gives them: the mean of the rows. A word without any n-gram of the
    model is left out.

    Raises:
        ConfigError: for a model that is quantised, a classifier, of another version, or cut off.
    """
    header, numbers = _read_dictionary(source, set(wanted))
    rows = {}
    for word in wanted:
        own = [numbers[word]] if word in numbers else []
        grams = [] if word == "</s>" else _buckets(word, header)
        if own or grams:
            rows[word] = [*own, *(header.words + gram for gram in grams)]
    sums = _summed(source, header, rows)
    vectors = {
        word: finite((sums[word] / len(rows[word])).astype(np.float32), source) for word in rows
    }
    known = {word: vector for word, vector in vectors.items() if word in numbers}
    composed = {word: vector for word, vector in vectors.items() if word not in numbers}
    return Vectors(known, header.dimension, source.sha256(), composed)


def _read_dictionary(source: Source, wanted: set[str]) -> tuple[_Header, dict[str, int]]:
    """The header; which row the words of ``wanted`` have that the dictionary knows."""
    _, version, dimension, *settings = struct.unpack("<14i", source.take(56, "the header"))
    model, buckets, shortest, longest = settings[6:10]
    source.take(8, "the header")  # the sampling threshold
    if version != _VERSION:
        raise source.error(f"fastText's format {version}; {_VERSION} is known")
    if model == _SUPERVISED:
        raise source.error("a fastText classifier; word vectors are cbow or skipgram")
    size, words, labels, _, pruned = struct.unpack("<3i2q", source.take(28, "the dictionary"))
    if size != words + labels or min(words, dimension) < 1:
        raise source.error(f"{size} entries, of them {words} words and {labels} labels")
    keys = {spelling.encode(): spelling for spelling in wanted}
    numbers: dict[str, int] = {}
    for row in range(size):
        spelling = keys.get(source.until(b"\0", _LONGEST_WORD, "an entry of the dictionary"))
        source.take(9, "the dictionary")  # how often it occurs, and that it is no label
        if spelling is not None and row < words:
            numbers.setdefault(spelling, row)
    if pruned > 0 or source.take(1, "the header of the vectors") != b"\0":
        raise source.error(
            "a quantised model, whose vectors are no longer exact; give the .vec file that is "
            "published beside it"
        )
    return _Header(dimension, buckets, shortest, longest, words, labels), numbers


def _summed(source: Source, header: _Header, rows: dict[str, list[int]]) -> dict[str, Vector]:
    """The sum of the rows of each word; the matrix is passed once, row after row."""
    height, width = struct.unpack("<2q", source.take(16, "the header of the vectors"))
    if (height, width) != (header.words + header.buckets, header.dimension):
        raise source.error(
            f"a matrix of {height} x {width}; {header.words} words and {header.buckets} n-grams "
            f"of {header.dimension} values are expected"
        )
    readers: defaultdict[int, list[str]] = defaultdict(list)
    for word, own in rows.items():
        for row in own:
            readers[row].append(word)
    what = f"the vectors of {header.words} words and {header.buckets} n-grams"
    sums: defaultdict[str, NDArray[np.float32]] = defaultdict(lambda: np.zeros(width, np.float32))
    at = 0
    for row in sorted(readers):
        source.skip(4 * width * (row - at), what)
        vector = np.frombuffer(source.take(4 * width, what), "<f4")
        for word in readers[row]:
            sums[word] += vector
        at = row + 1
    source.skip(4 * width * (height - at), what)
    return sums


def _buckets(word: str, header: _Header) -> list[int]:
    """Which buckets the n-grams of ``<word>`` are in, as often as they are in it."""
    if not header.buckets or not header.longest:
        return []
    return [_hash(gram) % header.buckets for gram in _grams(f"<{word}>", header)]


def _grams(marked: str, header: _Header) -> Iterator[bytes]:
    for start in range(len(marked)):
        for length in range(header.shortest, header.longest + 1):
            end = start + length
            if end > len(marked):
                break
            if length > 1 or 0 < start < len(marked) - 1:
                yield marked[start:end].encode()


def _hash(gram: bytes) -> int:
    """32-bit FNV-1a in which fastText takes bytes as signed."""
    value = 2_166_136_261
    for byte in gram:
        signed = byte | 0xFFFFFF00 if byte > 127 else byte
        value = (value ^ signed) * 16_777_619 & 0xFFFFFFFF
    return value
