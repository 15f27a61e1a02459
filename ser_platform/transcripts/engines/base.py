"""What an engine must do, and what engines share."""

from collections.abc import Iterable
from importlib import metadata
from typing import Any, Protocol

import numpy as np

from ser_platform.corpora.words import Segment, clean_words
from ser_platform.errors import EngineError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal

Result = dict[str, Any]
"""What an engine says of a recording, as JSON: it is stored. ``heard`` makes a recogniser's."""


class Engine(Protocol):
    """Listens to one recording."""

    def identity(self) -> dict[str, object]:
        """All that fixes the result besides signal and words: part of the cache key.

        Kind, an own version counted up whenever results change, settings, versions of libraries.
        """
        ...

    def __call__(self, signal: Signal, words: tuple[str, ...]) -> Result:
        """The result for ``[samples]``; ``words`` are what an aligner is to find in it.

        Raises:
            FeatureError: for a recording that the engine cannot take.
            EngineError: when the engine cannot be used.
        """
        ...


def heard(tokens: Iterable[tuple[str, float, float] | tuple[str, None, None]]) -> Result:
    """The result of a recogniser: ``text``, and ``words`` in seconds, or None without times.

    A token that holds several of our words ("well--no") shares its time among them.
    """
    texts: list[str] = []
    words: list[list[Any]] = []
    timed = True
    for text, start_s, end_s in tokens:
        texts.append(text.strip())
        inner = clean_words(text)
        if start_s is None or end_s is None:
            timed = False
            continue
        edges = np.linspace(start_s, max(start_s, end_s), len(inner) + 1).tolist()
        pieces = map(Segment, inner, edges, edges[1:])
        words += [[p.symbol, round(p.start_s, 3), round(p.end_s, 3)] for p in pieces]
    return {"text": " ".join(filter(None, texts)), "words": words if timed else None}


def loud(signal: Signal) -> bytes:
    """The signal scaled to full scale, as 16-bit samples; nothing when all samples are zero.

    Quiet recordings (RAVDESS peaks at 0.08) lose their steps in Sphinx's features otherwise.
    """
    peak = np.abs(signal.astype(np.int32)).max(initial=0)
    if not peak:
        return b""
    return np.rint(signal * (32767.0 / peak)).astype("<i2").tobytes()


def seconds(signal: Signal) -> float:
    """How long it lasts."""
    return len(signal) / SAMPLE_RATE_HZ


def version_of(package: str, extra: str) -> str:
    """The installed version of an engine's package.

    Raises:
        EngineError: when it is not installed.
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise EngineError(
            f"{package} is not installed: pip install 'ser-platform[{extra}]'"
        ) from None
