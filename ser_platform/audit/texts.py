"""Which texts are the same or nearly so."""

from collections.abc import Iterable
from typing import Any

import numpy as np

NEAR = 0.8
"""Cosine of character 3-5-gram TF-IDF from which two texts count as nearly the same."""
_CHUNK = 256
_COMMON = 0.6
_ROUNDING = 1e-9


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
    grams = TfidfVectorizer(analyzer="char", ngram_range=(3, 5)).fit_transform(padded).tocsr()
    rare = _rare(grams)
    transposed = grams.T.tocsr()
    near: dict[str, set[str]] = {text: {text} for text in distinct}
    for start in range(0, len(distinct), _CHUNK):
        overlap = (rare[start : start + _CHUNK] @ transposed).tocoo()
        close = overlap.data >= NEAR - _COMMON - _ROUNDING
        one, other = overlap.row[close] + start, overlap.col[close]
        cosines = np.asarray(grams[one].multiply(grams[other]).sum(axis=1)).ravel()
        for i, j in zip(one[cosines >= NEAR], other[cosines >= NEAR], strict=True):
            near[distinct[i]].add(distinct[j])
    return {text: frozenset(own) for text, own in near.items()}


def _rare(grams: Any) -> Any:
    """Each row without its commonest grams, as far as their norm stays within 0.6.

    Rows have norm 1, so what is dropped adds at most 0.6 to a cosine: two texts whose rare grams
    overlap by less than 0.2 cannot reach 0.8, and common grams are what makes products dense.
    """
    commonest_first = np.argsort(-grams.getnnz(axis=0), kind="stable")
    ordered = grams[:, commonest_first]
    ordered.sort_indices()
    total = np.concatenate([[0.0], np.cumsum(ordered.data**2)])
    begin = np.repeat(ordered.indptr[:-1], np.diff(ordered.indptr))
    ordered.data[total[1:] - total[begin] <= _COMMON**2] = 0
    ordered.eliminate_zeros()
    return ordered[:, np.argsort(commonest_first)]
