"""Which words of a vocabulary sound alike.

The vocabulary is that of the whole corpus, words and how often they occur, without labels and
without folds: it stands for the language of the recogniser, which would be larger.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.utterance import Word

NEAREST = 20
"""How many of the words that sound most alike a word may be taken for; ours."""
CLOSENESS = 0.1
"""A word is drawn with the weight count x exp(-distance / CLOSENESS), the distance being the
share of phonemes that differ: at 0.1, a word that differs in one of five is seven times as rare
as one that sounds the same. Ours."""


class Confusions:
    """Draws words in the place of others.

    The distance of two words is the edit distance of their commonest pronunciations in the
    corpus, divided by the longer one; of their spelling for words that the corpus gives no
    phonemes for. The two kinds are not compared with each other.
    """

    def __init__(self, words: Iterable[Word]) -> None:
        counts: Counter[str] = Counter()
        spoken: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
        for word in words:
            counts[word.text] += 1
            symbols = tuple(phoneme.symbol for phoneme in word.phonemes)
            if symbols and UNKNOWN_PHONEME not in symbols:
                spoken[word.text][symbols] += 1
        self._words = sorted(counts)
        self._counts = np.array([counts[word] for word in self._words], np.float64)
        self._sounds = {
            word: min(own.items(), key=lambda pair: (-pair[1], pair[0]))[0]
            for word, own in spoken.items()
        }
        self._units = [self._sounds.get(word, tuple(word)) for word in self._words]
        self._is_sound = np.array([word in self._sounds for word in self._words])
        self._place = {word: place for place, word in enumerate(self._words)}
        self._frequent = _cumulative(self._counts)
        brevity = np.array([1 / len(units) for units in self._units])
        self._brevity = brevity * self._counts.sum() / max(brevity @ self._counts, 1e-12)
        self._nearest = cache(self._nearest_of)

    def pronunciation(self, word: str) -> tuple[str, ...]:
        """Its commonest phonemes in the corpus; one unknown phoneme where there are none."""
        return self._sounds.get(word, (UNKNOWN_PHONEME,))

    def brevity(self, word: str) -> float:
        """One by the number of its phonemes (or letters), over the corpus's mean of that.

        The odds of losing a word instead of mistaking it go with it: what gives a recogniser
        the least to hear is lost most, and function words are short. Ours.
        """
        return float(self._brevity[self._place[word]])

    def frequent(self, uniform: float) -> str:
        """A word drawn by how often it occurs."""
        return self._words[int(np.searchsorted(self._frequent, uniform, side="right"))]

    def alike(self, word: str, uniform: float) -> str | None:
        """Another word that sounds like it; None where the vocabulary has no other."""
        candidates, cumulative = self._nearest(word)
        if not len(candidates):
            return None
        return self._words[candidates[int(np.searchsorted(cumulative, uniform, side="right"))]]

    def _nearest_of(self, word: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest words and their cumulative weights."""
        own = self._place[word]
        same_kind = np.flatnonzero(self._is_sound == self._is_sound[own])
        others = same_kind[same_kind != own]
        distances = _distances(self._units[own], [self._units[i] for i in others])
        # Ties by how often they occur, then by spelling: the order of the corpus plays no part.
        order = np.lexsort((others, -self._counts[others], distances))[:NEAREST]
        nearest = others[order]
        return nearest, _cumulative(self._counts[nearest] * np.exp(-distances[order] / CLOSENESS))


def _distances(own: Sequence[str], others: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    scorer = Levenshtein.normalized_distance
    found = process.cdist([own], others, scorer=scorer, dtype=np.float64)
    return found[0] if len(others) else np.empty(0)


def _cumulative(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rising shares, the last of them exactly 1."""
    sums = np.array(list(accumulate(weights)))
    return sums / sums[-1] if len(sums) else sums
