"""Baselines that do not listen: each is fitted on a training side and guesses the test side."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ser_platform.audit.given import Given
from ser_platform.utterance import Utterance

_A_WORD = r"\S+"

Guess = Callable[[Sequence[Utterance]], list[str]]
"""Emotions for utterances, from what their training side taught."""
Guesser = Callable[[Given, Sequence[Utterance], int], Guess]
"""Fits on a training side; the number is a seed."""


def majority(_given: Given, train: Sequence[Utterance], _seed: int) -> Guess:
    """The most frequent class; of equally frequent ones the first by name."""
    most = _most(u.emotion for u in train)
    return lambda test: [most] * len(test)


def by_scenario(_given: Given, train: Sequence[Utterance], _seed: int) -> Guess:
    """The most frequent class of the same scenario, whatever is said in it."""
    return _by_key(train, lambda u: u.scenario)


def by_speaker(_given: Given, train: Sequence[Utterance], _seed: int) -> Guess:
    """The most frequent class of the same speaker: none is known, so it must be the majority."""
    return _by_key(train, lambda u: u.speaker)


def by_text(given: Given, train: Sequence[Utterance], seed: int) -> Guess:
    """TF-IDF of words and pairs of words, and a linear SVM; nothing is tuned."""
    return _text_svm(given, train, [u.emotion for u in train], seed)


def by_shuffled_text(given: Given, train: Sequence[Utterance], seed: int) -> Guess:
    """:func:`by_text` after the training labels were shuffled: must be near chance."""
    labels = np.random.default_rng(seed).permutation([u.emotion for u in train]).tolist()
    return _text_svm(given, train, labels, seed)


def by_duration(given: Given, train: Sequence[Utterance], seed: int) -> Guess:
    """A tree of depth 3 on how long the recording is."""
    return _by_number(lambda u: given.sounds[u.id].duration_s, train, seed)


def by_loudness(given: Given, train: Sequence[Utterance], seed: int) -> Guess:
    """A tree of depth 3 on how loud the recording is as a whole."""
    return _by_number(lambda u: given.sounds[u.id].level_db, train, seed)


def _most(emotions: Iterable[str]) -> str:
    counts = Counter(emotions)
    return max(sorted(counts), key=counts.__getitem__)


def _by_key(train: Sequence[Utterance], key: Callable[[Utterance], str]) -> Guess:
    heard: dict[str, list[str]] = defaultdict(list)
    for utterance in train:
        heard[key(utterance)].append(utterance.emotion)
    otherwise = _most(u.emotion for u in train)
    best = {name: _most(own) for name, own in heard.items()}
    return lambda test: [best.get(key(u), otherwise) for u in test]


def _text_svm(given: Given, train: Sequence[Utterance], labels: Sequence[str], seed: int) -> Guess:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    if len(set(labels)) < 2 or not any(given.texts[u.id] for u in train):
        most = _most(labels)
        return lambda test: [most] * len(test)
    fitted = make_pipeline(
        TfidfVectorizer(token_pattern=_A_WORD, ngram_range=(1, 2), sublinear_tf=True),
        LinearSVC(class_weight="balanced", random_state=seed, max_iter=20_000),
    ).fit([given.texts[u.id] for u in train], labels)
    return lambda test: [str(e) for e in fitted.predict([given.texts[u.id] for u in test])]


def _by_number(
    number: Callable[[Utterance], float], train: Sequence[Utterance], seed: int
) -> Guess:
    from sklearn.tree import DecisionTreeClassifier

    def column(utterances: Sequence[Utterance]) -> np.ndarray:
        return np.array([[number(u)] for u in utterances])

    tree = DecisionTreeClassifier(
        max_depth=3, min_samples_leaf=5, class_weight="balanced", random_state=seed
    ).fit(column(train), [u.emotion for u in train])
    return lambda test: [str(emotion) for emotion in tree.predict(column(test))]
