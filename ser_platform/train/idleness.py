"""Worker groups with nothing to do, and for how long."""

import time
from collections.abc import Container

IDLE_S = 60.0
"""A node costs something; so does the start of workers, in the order of ten seconds."""


class Idleness:
    """Which groups wait for work, and which have waited for so long that they may go."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: dict[int, float] = {}
        self.spare: set[int] = set()
        """Groups that may go."""

    def begin(self, group: int) -> None:
        """A group asks for work, perhaps again because its workers were started anew."""
        self.spare.discard(group)
        self._since[group] = time.monotonic()

    def end(self, group: int) -> bool:
        """It has its answer; whether it was one of the spare."""
        self._since.pop(group, None)
        is_spare = group in self.spare
        self.spare.discard(group)
        return is_spare

    def look(self, up: Container[int]) -> bool:
        """See who has waited too long, of those whose workers are up; whether anybody has."""
        before = time.monotonic() - self._patience_s
        self.spare.update(g for g, since in self._since.items() if since < before and g in up)
        return bool(self.spare)
