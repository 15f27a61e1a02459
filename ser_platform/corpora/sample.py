"""Some utterances of each class, to be looked at."""

from collections.abc import Iterator

import numpy as np

from ser_platform.corpora.base import Corpus, duration_s
from ser_platform.emotions import EMOTIONS
from ser_platform.utterance import Utterance


def sample(corpus: Corpus, count: int, seed: int) -> Iterator[str]:
    """Lines about up to ``count`` utterances of each class, drawn by ``seed``."""
    rng = np.random.default_rng(seed)
    for emotion in EMOTIONS:
        own = [u for u in corpus.utterances if u.emotion == emotion]
        drawn = sorted(rng.permutation(len(own))[:count].tolist())
        yield f"{emotion}: {len(drawn)} of {len(own)}"
        for index in drawn:
            yield from _lines(own[index])


def _lines(utterance: Utterance) -> Iterator[str]:
    known = [f"session {utterance.session}", utterance.style, utterance.scenario]
    about = ", ".join(filter(None, [f"speaker {utterance.speaker}", *known]))
    yield f"  {utterance.id}  {duration_s(utterance):.2f} s  ({about})"
    yield f"    {utterance.transcript}"
    yield "    " + " ".join(f"{w.text} {w.start_s:.2f}-{w.end_s:.2f}" for w in utterance.words)
    yield f"    {utterance.audio}"
