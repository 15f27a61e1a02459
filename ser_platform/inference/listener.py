"""From a recording to an answer: its words, its pauses, the networks, what to be warned of."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.recognition import PocketsphinxConfig, RecognitionConfig
from ser_platform.config.schema import Experiment
from ser_platform.emotions import EMOTIONS
from ser_platform.features.audio import decoder
from ser_platform.inference import LONGEST_S, doubts
from ser_platform.inference.answer import (
    Answer,
    AnsweredWord,
    FrameAttention,
    ModelName,
    Stretch,
)
from ser_platform.inference.folder import digest_of
from ser_platform.inference.hearing import Ear
from ser_platform.inference.pieces import Piece, Question, pieces
from ser_platform.inference.predictor import Clip, Predictor
from ser_platform.models.attention import Weights
from ser_platform.utterance import Word


class Listener:
    """A model that answers about whole recordings; of threads that ask at once, one is answered.

    Args:
        folder: of the model.
        name: how it was asked for.
        recogniser: hears words where nobody gives them; None: what the model was trained with,
            or else pocketsphinx, in time by the forced aligner.
        longest_s: of a stretch that is answered as one utterance.

    Raises:
        ModelError: for a folder that is no model.
        CorruptObjectError: for files that are not what was written.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        recogniser: RecognitionConfig | None = None,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._predictor, self.longest_s = Predictor.load(folder), longest_s
        saved, experiment = self._predictor.saved, self._predictor.experiment
        trained_with = experiment.transcript
        if recogniser is None and isinstance(trained_with, RecognitionConfig):
            recogniser = trained_with
        self.recogniser = recogniser or PocketsphinxConfig(times="align")
        self._ear = Ear(experiment.model, self.recogniser, experiment.alignment)
        self.model = ModelName(
            name=name,
            architecture=str(saved.about.get("architecture", experiment.model.kind)),
            run_key=str(saved.about.get("run_key", "")),
            signature=str(saved.about.get("signature", "")),
            digest=digest_of(folder),
        )
        self._doubts = tuple(doubts.of_model(self._predictor))
        self._known = frozenset(saved.vectors.words)
        self._lock = Lock()

    @property
    def experiment(self) -> Experiment:
        """The setting that the model was trained with."""
        return self._predictor.experiment

    def identity(self, text: str | None, words: Sequence[Word] | None) -> dict[str, object]:
        """All that fixes an answer besides the recording: part of a key.

        Args:
            text: what was said; None where nobody knows.
            words: the same in time.

        Raises:
            EngineError: when an engine that is needed cannot be used.
        """
        return {
            "model": self.model.digest,
            "longest_s": self.longest_s,
            "front end": self._predictor.front_end,
            "decoder": decoder(),
            **self._ear.identity(text, words),
        }

    def answer(self, question: Question) -> Answer:
        """What the model says of a recording.

        Raises:
            EngineError: when nobody says what was said, and no engine can.
            FeatureError: for a recording that cannot be used.
        """
        with self._lock:
            return self._answer(question)

    def _answer(self, question: Question) -> Answer:
        hearing, parts = pieces(question, self._ear, self.longest_s)
        scores = self._predictor.scores(
            [Clip(question.name, part.signal, part.words) for part in parts]
        )
        lengths_s = np.array([part.duration_s for part in parts])
        shares = lengths_s / lengths_s.sum()
        reads_words = self._predictor.experiment.model.reads_words
        return Answer(
            recording=question.name,
            model=self.model,
            **_said(shares @ np.stack([each.probabilities for each in scores])),
            calibrated=bool(self._predictor.saved.temperatures),
            duration_s=float(lengths_s.sum()),
            stretches=tuple(
                Stretch(
                    start_s=part.start_s,
                    end_s=part.start_s + part.duration_s,
                    **_said(each.probabilities),
                )
                for part, each in zip(parts, scores, strict=True)
            ),
            transcript=hearing.text,
            source=hearing.source,
            timing=hearing.timing,
            words=tuple(
                word
                for part, each, share in zip(parts, scores, shares.tolist(), strict=True)
                for word in self._words(part, each.attention, share)
            ),
            frames=tuple(
                frames
                for part, each in zip(parts, scores, strict=True)
                for frames in self._frames(part, each.attention)
            ),
            warnings=(
                *self._doubts,
                *doubts.of_sound(question.signal),
                *doubts.of_words(hearing, self._known, reads_words=reads_words),
            ),
        )

    def _words(
        self, part: Piece, attention: Mapping[str, Weights], share: float
    ) -> Iterator[AnsweredWord]:
        """The words of a stretch that takes this share of the recording."""
        over_words = [w for w in attention.values() if w.over == "words"]
        by_word = [w for w in attention.values() if _is_by_word(w)]
        weights = _mean_heads(over_words) if over_words else np.empty(0)
        spans = self._spans(_mean_heads(by_word)) if by_word else []
        for number, word in enumerate(part.words):
            # Networks read so many words; one behind them is attended to by none.
            is_read = number < len(weights)
            span = spans[number] if number < len(spans) else (None, None)
            listens_from_s, listens_to_s = (None if s is None else part.start_s + s for s in span)
            yield AnsweredWord(
                text=word.text,
                start_s=part.start_s + word.start_s,
                end_s=part.start_s + word.end_s,
                known=word.text in self._known,
                attention=share * float(weights[number] if is_read else 0) if over_words else None,
                listens_from_s=listens_from_s,
                listens_to_s=listens_to_s,
            )

    def _spans(self, weights_WN: NDArray[np.float64]) -> list[tuple[float, float]]:
        """For each word the middle half of what it hears, in seconds."""
        framing = self._predictor.experiment.features
        sums = np.cumsum(weights_WN, axis=1)
        first, last = ((sums < quarter).sum(axis=1) for quarter in (0.25, 0.75))
        return [
            (a * framing.hop_s, b * framing.hop_s + framing.window_s)
            for a, b in zip(first.tolist(), last.tolist(), strict=True)
        ]

    def _frames(self, part: Piece, attention: Mapping[str, Weights]) -> Iterator[FrameAttention]:
        framing = self._predictor.experiment.features
        for layer, weights in attention.items():
            if weights.over == "frames" and not _is_by_word(weights):
                step_s = weights.stride * framing.hop_s
                yield FrameAttention(
                    layer=layer,
                    start_s=part.start_s + max(0.0, (framing.window_s - step_s) / 2),
                    step_s=step_s,
                    weights=tuple(_mean_heads([weights]).tolist()),
                )


def _said(probabilities: NDArray[np.floating]) -> dict[str, Any]:
    """The likeliest emotion, its probability and all of them."""
    values = np.clip(probabilities, 0, 1).astype(float).tolist()
    best = int(np.argmax(values))
    return {
        "label": EMOTIONS[best],
        "confidence": values[best],
        "probabilities": dict(zip(EMOTIONS, values, strict=True)),
    }


def _is_by_word(weights: Weights) -> bool:
    return weights.values.ndim == 3


def _mean_heads(layers: Sequence[Weights]) -> NDArray[np.float64]:
    """Over the heads of several layers of one shape: ``[steps]``, or ``[words, frames]``."""
    return np.mean([layer.values.double().mean(dim=0).numpy() for layer in layers], axis=0)
