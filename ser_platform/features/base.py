"""What an extractor must do."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import SAMPLE_RATE_HZ as SAMPLE_RATE_HZ

Signal = NDArray[np.int16]
"""Mono samples at 16 kHz, ``[samples]``: what :func:`ser_platform.features.audio.decode` gives."""
Frames = NDArray[np.float32]
"""One row per frame, ``[frames, dim]``; frame i covers ``[i*hop_s, i*hop_s + window_s)``."""


class FrameExtractor(Protocol):
    """Turns a signal into one feature vector per frame, or into one for the whole of it.

    tests/features holds each one to it.
    """

    names: tuple[str, ...]
    """What each value of a row is; its length is the dimension."""

    def __call__(self, signal: Signal) -> Frames:
        """Extract ``[frames, dim]`` from ``[samples]``; no frames when shorter than a window.

        An extractor of functionals gives ``[1, dim]``.

        Raises:
            FeatureError: by an extractor of functionals, for a signal too short to have any.
        """
        ...

    def identity(self) -> dict[str, object]:
        """All that fixes the numbers besides the signal: part of the cache key.

        Kind, an own version counted up whenever numbers change, every parameter, the text of
        a configuration file, the versions of libraries that compute.
        """
        ...
