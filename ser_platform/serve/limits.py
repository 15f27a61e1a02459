"""How much a server takes."""

from dataclasses import dataclass

MB = 10**6
TEXT_LETTERS = 5000
"""Of what was said in a recording."""


@dataclass(frozen=True)
class Limits:
    """Of requests; what is beyond is refused before it costs anything."""

    body_bytes: int = 10 * MB
    """Of a request."""
    sound_s: float = 120.0
    """Of a recording, and of a stream."""
    at_once: int = 8
    """Recordings that are answered or wait for it; of streams as many again."""
    recordings: int = 32
    """In a batch."""
    silent_s: float = 30.0
    """Without a word from a client before its stream ends."""
