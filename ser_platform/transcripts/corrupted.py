"""A recogniser's errors made on purpose: how scores fall as the word error rate rises.

Each utterance draws its errors by itself, from the seed and its id: for every word the moment at
which it is hit, whether it is substituted or deleted, by which word, and the moment at which a
word is inserted behind it. The rate only says how many of the corpus's errors are made, the
earliest first, until the counted rate is reached: a higher rate keeps the errors of a lower one.
Neither labels nor sound nor folds are looked at.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from ser_platform.config.corruption import CorruptedConfig
from ser_platform.corpora.base import Corpus
from ser_platform.errors import CorpusError
from ser_platform.transcripts.confusions import Confusions
from ser_platform.transcripts.edits import Edit, edited_texts, edited_words
from ser_platform.utterance import Utterance


@dataclass(frozen=True)
class _Error:
    """An error that is made from some rate on."""

    moment: float
    """Of the first rate that has it: all errors come in this order."""
    utterance: str
    edit: Edit


def corrupt(corpus: Corpus, config: CorruptedConfig) -> Corpus:
    """The corpus with errors in its words; the same corpus for a rate of 0.

    Raises:
        CorpusError: when the shares of errors allow no rate as high.
    """
    if config.wer == 0:
        return corpus
    confusions = Confusions(word for u in corpus.utterances for word in u.words)
    errors = [e for u in corpus.utterances for e in _errors(u, config, confusions)]
    errors.sort(key=lambda e: (e.moment, e.utterance, e.edit.place, e.edit.inserts))
    edits = _as_many_as(config.wer, corpus, errors)
    return replace(
        corpus, utterances=tuple(_edited(u, edits[u.id], confusions) for u in corpus.utterances)
    )


def _errors(
    utterance: Utterance, config: CorruptedConfig, confusions: Confusions
) -> Iterator[_Error]:
    """Every error that an utterance can make."""
    hit = config.substitutions + config.deletions
    identity = f"{config.seed} {utterance.id}".encode()
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(identity).digest()[:16], "big"))
    for place, drawn in enumerate(rng.random((len(utterance.words), 5)).tolist()):
        when, how, by_what, when_inserted, what_inserted = drawn
        said = utterance.words[place].text
        if hit > 0:
            lost_odds = config.deletions * confusions.brevity(said)
            lost = how < lost_odds / (lost_odds + config.substitutions)
            other = None if lost else confusions.alike(said, by_what)
            yield _Error(when / hit, utterance.id, Edit(place, inserts=False, text=other))
        if config.insertions > 0:
            added = Edit(place, inserts=True, text=confusions.frequent(what_inserted))
            yield _Error(when_inserted / config.insertions, utterance.id, added)


def _as_many_as(wer: float, corpus: Corpus, errors: list[_Error]) -> dict[str, list[Edit]]:
    """The first errors by utterance, so many that the counted rate reaches ``wer``.

    Counted, since an error can undo another: a word lost beside one that is inserted is one
    substitution.
    """
    said = {u.id: [word.text for word in u.words] for u in corpus.utterances}
    wanted = math.ceil(wer * sum(map(len, said.values())))
    edits: dict[str, list[Edit]] = defaultdict(list)
    distance: dict[str, int] = defaultdict(int)
    total = highest = 0
    for error in errors:
        own = edits[error.utterance]
        own.append(error.edit)
        texts = said[error.utterance]
        now = Levenshtein.distance(texts, edited_texts(texts, own))
        total += now - distance[error.utterance]
        distance[error.utterance] = now
        highest = max(highest, total)
        if total >= wanted:
            return edits
    rate = highest / sum(map(len, said.values())) if highest else 0
    raise CorpusError(
        f"{corpus.name}: transcript.wer is {wer:g}, but with these shares of errors its words "
        f"reach {rate:.3f} at most; lower it, or raise transcript.insertions"
    )


def _edited(utterance: Utterance, edits: list[Edit], confusions: Confusions) -> Utterance:
    if not edits:
        return utterance
    texts = {edit.text for edit in edits if edit.text is not None}
    sounds = {text: confusions.pronunciation(text) for text in texts}
    words = edited_words(utterance.words, edits, sounds)
    return replace(utterance, transcript=" ".join(word.text for word in words), words=words)
