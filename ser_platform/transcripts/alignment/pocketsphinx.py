"""Forced alignment by pocketsphinx: a pass for words, one for the phonemes inside them."""

import math
from functools import cached_property
from typing import Any

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.corpora.demo.arpabet import SYMBOLS
from ser_platform.errors import CorpusError
from ser_platform.features.base import Signal
from ser_platform.transcripts.alignment.pronounce import Pronouncer
from ser_platform.transcripts.engines.base import Result, loud
from ser_platform.transcripts.engines.sphinx import (
    FRAMES_PER_S,
    decoder,
    is_filler,
    listen,
    sphinx_version,
)

# Acoustic scores are logarithms to the base 1.0001, shifted by 10 bits (SENSCR_SHIFT).
_NATS = math.log(1.0001) * 2**10


class PocketsphinxAligner:
    """English; times in steps of 10 ms.

    A result has ``words``, each ``[text, start_s, end_s, [[symbol, start_s, end_s], ...]]``, and
    a ``score``; or a ``reason`` why there is none. A wrong transcript is aligned as well: only
    its score is low (docs/alignment.md).

    The score is the mean over phonemes of a phoneme's acoustic score per frame, in natural
    logarithms. pocketsphinx scores a frame against the best of the states that the transcript
    has, so 0 means that each frame fits its own phoneme best. The mean is over phonemes and not
    over frames, so that a long sound that fits does not hide many short ones that do not.
    """

    def __init__(self, config: AlignmentConfig) -> None:
        self._config = config
        self._pronounce = Pronouncer()

    def identity(self) -> dict[str, object]:  # noqa: D102  # documented in the protocol
        return {
            "kind": "pocketsphinx alignment",
            "version": 1,
            "pocketsphinx": sphinx_version(),
            "beam": self._config.beam,
            "word_beam": self._config.word_beam,
            "espeakng-loader": self._pronounce.version,
        }

    @cached_property
    def _decoder(self) -> Any:
        # bestpath would drop the silences between words.
        beams = {"beam": self._config.beam, "wbeam": self._config.word_beam}
        return decoder(lm=None, bestpath=False, pbeam=self._config.beam, **beams)

    def __call__(self, signal: Signal, words: tuple[str, ...]) -> Result:  # noqa: D102
        samples = loud(signal)
        if not samples:
            return {"reason": "its recording is silent: all samples are zero"}
        try:
            for word in dict.fromkeys(words):
                self._learn(word)
        except CorpusError as error:
            return {"reason": str(error)}
        try:
            self._decoder.set_align_text(" ".join(words))
            listen(self._decoder, samples)
            if self._decoder.hyp() is None:
                return {"reason": "its words were not found in the recording"}
            self._decoder.set_alignment()
            listen(self._decoder, samples)
            return _read(self._decoder.get_alignment(), words)
        except RuntimeError as error:
            return {"reason": f"its words were not found in the recording ({error})"}

    def _learn(self, word: str) -> None:
        """Put a word that the dictionary lacks into it."""
        if self._decoder.lookup_word(word) is not None:
            return
        # forty-two and don\u2019t are there as "forty", "two" and "don't".
        parts = [self._decoder.lookup_word(p) for p in word.replace("\u2019", "'").split("-")]
        sounds = " ".join(parts) if all(parts) else " ".join(self._pronounce(word))
        self._decoder.add_word(word, sounds, False)


def _read(alignment: Any, words: tuple[str, ...]) -> Result:
    """Read while iterating: the parts of an entry are freed with the iterator."""
    found: list[list[Any]] = []
    scores: list[float] = []
    for entry in alignment or ():
        if is_filler(entry.name):
            continue
        phonemes: list[list[Any]] = []
        for phone in entry:
            if phone.name in SYMBOLS:
                phonemes.append([phone.name, *_span(phone)])
                scores.append(phone.score * _NATS / phone.duration)
        found.append([*_span(entry), phonemes])
    if len(found) != len(words):
        return {"reason": f"only {len(found)} of its {len(words)} words were found"}
    score = round(sum(scores) / len(scores), 4)
    return {"words": [[t, *rest] for t, rest in zip(words, found, strict=True)], "score": score}


def _span(entry: Any) -> tuple[float, float]:
    return entry.start / FRAMES_PER_S, (entry.start + entry.duration) / FRAMES_PER_S
