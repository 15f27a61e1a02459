"""Which texts are the same or nearly so."""

from collections.abc import Iterable

import numpy as np

NEAR = 0.8
"""Cosine of character 3-5-gram TF-IDF from which two texts count as nearly the same."""
_CHUNK = 256


def near_texts(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each text those that are nearly the same, itself among them.

    Weights are of all texts given. Texts in chunks against all others, sparse: 5,000 in seconds.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    distinct = sorted(set(texts))
    if not distinct:
        return {}
    # Padded, so that a text shorter than three characters has grams too.
    padded = [f"  {text}  " for text in distinct]
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(3, 5), dtype=np.float32).fit_transform(
        padded
    )
    transposed = vectors.T.tocsc()
    near: dict[str, frozenset[str]] = {}
    for start in range(0, len(distinct), _CHUNK):
        cosines = (vectors[start : start + _CHUNK] @ transposed).tocsr()
        for row in range(cosines.shape[0]):
            own = slice(cosines.indptr[row], cosines.indptr[row + 1])
            close = cosines.indices[own][cosines.data[own] >= NEAR]
            text = distinct[start + row]
            near[text] = frozenset(distinct[i] for i in close) | {text}
    return near
