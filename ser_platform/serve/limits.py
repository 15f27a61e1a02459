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
    body_s: float = 60.0
    """Until it is there."""
    sound_s: float = 120.0
    """Of a recording, and of a stream."""
    at_once: int = 8
    """Requests that are answered or wait for it, and of streams as many again."""
    recordings: int = 32
    """In a batch."""
    silent_s: float = 30.0
    """Without a word from a client before its stream ends."""

    @property
    def stream_s(self) -> float:
        """Of a stream, however seldom sound comes."""
        return 2 * self.sound_s
