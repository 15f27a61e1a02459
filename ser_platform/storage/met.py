"""What stores met in this process and got over: counted, so that somebody can be told."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Literal

Kind = Literal["repeated", "broken off", "damaged", "put aside"]

_WORDS: dict[Kind, str] = {
    "repeated": "requests were repeated",
    "broken off": "objects broke off on the way and were read again",
    "damaged": "objects arrived damaged and were read again",
    "put aside": "damaged objects were put into quarantine",
}

_lock = Lock()
_counts: Counter[Kind] = Counter()


def count(kind: Kind) -> None:
    """Once more."""
    with _lock:
        _counts[kind] += 1


def add(counts: Mapping[Kind, int]) -> None:
    """What was counted in another process."""
    with _lock:
        _counts.update(counts)


def taken() -> dict[Kind, int]:
    """What was counted since this was last asked; no kind of which there was nothing."""
    with _lock:
        found = dict(_counts)
        _counts.clear()
    return found


def in_words(counts: Mapping[Kind, int]) -> str:
    """``12 requests were repeated; 1 ...``; empty when nothing was met."""
    return "; ".join(f"{counts[kind]} {_WORDS[kind]}" for kind in _WORDS if counts.get(kind))
