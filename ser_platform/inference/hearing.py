"""The words of a recording, in time where a network asks when they were said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.model.base import NetworkConfig
from ser_platform.config.recognition import RecognitionConfig
from ser_platform.corpora.words import Segment, clean_words, spread_words, timed_words
from ser_platform.errors import EngineError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.transcripts.alignment.aligned import aligned_words, failure
from ser_platform.transcripts.engines import make_engine
from ser_platform.transcripts.engines.base import Engine
from ser_platform.utterance import Word

Source = Literal["given", "recognised", "none"]
"""Who says what was said."""
Timing = Literal["given", "aligned", "recognised", "spread", "none"]
"""Who says when: the caller, the forced aligner, the recogniser, nobody (an equal share of the
recording for each word), or nobody, of a network that does not ask."""


@dataclass(frozen=True)
class Hearing:
    """What is known of the words of a recording."""

    text: str
    words: tuple[Word, ...]
    """In time; empty where there are none."""
    source: Source
    timing: Timing
    warnings: tuple[str, ...] = ()


SILENT = Hearing("", (), "none", "none")


class Ear:
    """Finds out the words of recordings, for one network.

    Engines are loaded when they are first needed, and used by one thread at a time.

    Args:
        model: whose questions are to be answered: which words, and when.
        recogniser: asked where nobody says what was said.
        alignment: settings of the forced aligner.
    """

    def __init__(
        self, model: NetworkConfig, recogniser: RecognitionConfig, alignment: AlignmentConfig
    ) -> None:
        self._reads_times = model.reads_word_times or model.reads_phoneme_symbols
        self._reads = model.reads_words or self._reads_times
        self._recogniser_config, self._alignment = recogniser, alignment

    @cached_property
    def _recogniser(self) -> Engine:
        return make_engine(self._recogniser_config)

    @cached_property
    def _aligner(self) -> Engine:
        return make_engine(self._alignment)

    def identity(self, text: str | None, timed: Sequence[Word] | None) -> dict[str, object]:
        """All that fixes what :meth:`words` makes of a recording: engines, versions, settings.

        Raises:
            EngineError: when an engine that is needed cannot be used.
        """
        if timed is not None or (text is None and not self._reads):
            return {}
        if text is not None:
            return self._aligner_identity()
        heard = {"recogniser": self._recogniser.identity()}
        config = self._recogniser_config
        return {**heard, "times": config.times, **self._aligner_identity()}

    def _aligner_identity(self) -> dict[str, object]:
        try:
            found = self._aligner.identity()
        except EngineError:
            if self._reads_times:
                raise
            return {"aligner": None}  # words are spread
        return {"aligner": found, "lowest score": self._alignment.lowest_score}

    def words(self, signal: Signal, text: str | None, timed: Sequence[Word] | None) -> Hearing:
        """The words of a recording.

        Args:
            signal: the recording.
            text: what was said; None: nobody knows, and the recogniser is asked where the network
                reads words.
            timed: the same in time; None where nobody knows.

        Raises:
            EngineError: when an engine that is needed cannot be used.
            FeatureError: for a recording that an engine cannot take.
        """
        if timed is not None:
            said = " ".join(word.text for word in timed) if text is None else text
            return Hearing(said, tuple(timed), "given", "given")
        if text is not None:
            return self._in_time(signal, text, "given")
        if not self._reads:
            return SILENT
        return self._recognised(signal)

    def _recognised(self, signal: Signal) -> Hearing:
        result = self._recogniser(signal, ())
        text, found = str(result["text"]), result["words"]
        if found is None or self._recogniser_config.times == "align":
            return self._in_time(signal, text, "recognised")
        words = timed_words([Segment(*word) for word in found], ())
        return Hearing(text, words, "recognised", "recognised")

    def _in_time(self, signal: Signal, text: str, source: Source) -> Hearing:
        """Words that have no times yet: aligned, or spread where that fails, and said so."""
        asked = tuple(clean_words(text))
        if not asked:
            return Hearing(text, (), source, "none")
        try:
            result = self._aligner(signal, asked)
        except EngineError:
            if self._reads_times:
                raise
            # Times would only be shown; the network reads the words.
            return self._spread(signal, text, source, "none")
        reason = failure(result, self._alignment.lowest_score)
        if not reason:
            return Hearing(text, aligned_words(result), source, "aligned")
        return self._spread(signal, text, source, "spread", reason)

    def _spread(
        self, signal: Signal, text: str, source: Source, timing: Timing, reason: str = ""
    ) -> Hearing:
        words = spread_words(text, len(signal) / SAMPLE_RATE_HZ)
        warnings = ()
        if reason and self._reads_times:
            warnings = (f"when its words were said is not known ({reason}): spread evenly",)
        return Hearing(text, words, source, timing, warnings)
