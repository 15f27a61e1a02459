"""Recognition by pocketsphinx with its own English language model; offline, and poor."""

from functools import cached_property
from typing import Any

from ser_platform.features.base import Signal
from ser_platform.transcripts.engines.base import Result, heard, loud
from ser_platform.transcripts.engines.sphinx import (
    FRAMES_PER_S,
    decoder,
    is_filler,
    listen,
    spelling,
    sphinx_version,
)


class PocketsphinxRecogniser:
    """English, 126,000 words, trigrams; times of words in steps of 10 ms."""

    def identity(self) -> dict[str, object]:  # noqa: D102  # documented in the protocol
        return {"kind": "pocketsphinx", "version": 1, "pocketsphinx": sphinx_version()}

    @cached_property
    def _decoder(self) -> Any:
        return decoder()

    def __call__(self, signal: Signal, words: tuple[str, ...]) -> Result:  # noqa: D102
        samples = loud(signal)
        if not samples:
            return heard(())
        listen(self._decoder, samples)
        if self._decoder.hyp() is None:
            return heard(())
        return heard(
            (
                spelling(part.word),
                part.start_frame / FRAMES_PER_S,
                (part.end_frame + 1) / FRAMES_PER_S,
            )
            for part in self._decoder.seg()
            if not is_filler(part.word)
        )
