"""So many at once; who comes when all places are taken is told to come back."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from ser_platform.serve.problems import ServeError


class Places:
    """Places that are taken, and counted.

    Args:
        most: there are.
        name: of their gauge: ``ser_in_flight``.
        of: what takes one, in words: ``questions``.
        busy: counts who finds none.
        registry: of the gauge.
    """

    def __init__(
        self, most: int, name: str, of: str, busy: Counter, registry: CollectorRegistry
    ) -> None:
        self._most, self._of, self._busy, self._there = most, of, busy, 0
        self._gauge = Gauge(name, f"{of.capitalize()} that are there.", registry=registry)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """One of them for as long as the block runs.

        Raises:
            ServeError: when there is none.
        """
        if self._there >= self._most:
            self._busy.inc()
            raise ServeError(
                503, "busy", f"{self._there} {self._of} are here already; try again", retry_s=1
            )
        self._there += 1
        self._gauge.set(self._there)
        try:
            yield
        finally:
            self._there -= 1
            self._gauge.set(self._there)
