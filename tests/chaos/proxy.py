"""The proxy before the object store: it sees how far the study is, and breaks what is asked."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ser_platform.train.stored import FoldKeys
from tests.chaos.plan import Unit
from tests.fault_proxy import FaultProxy, running

_ANY = FoldKeys("key", 1)
_EPOCH = PurePosixPath(_ANY.progress).name
_RESULTS = {PurePosixPath(key).name for key in (_ANY.trained, _ANY.scored)}
_SLOW_S = 2.0
_BODIES = ("cut", "short", "flip")
"""Faults that need an object that is read."""


@dataclass(frozen=True)
class Request:
    """One request on its way to the store."""

    command: str
    path: str
    """Bucket and key."""
    port: int
    """Of whoever asks, on this machine."""

    @property
    def units(self) -> tuple[Unit, ...]:
        """What progress it is."""
        name = PurePosixPath(self.path).name
        if self.command == "PUT" and name == _EPOCH:
            return ("request", "epoch")
        if self.command == "PUT" and name in _RESULTS:
            return ("request", "fold")
        return ("request",)


Watch = Callable[[Request, Unit, int], bool]
"""Told of the n-th of each unit before it is forwarded; whether it gets lost."""


class ChaosProxy(FaultProxy):
    """Counts progress, lets ``watch`` act on it, and meets requests with what :meth:`arm` says."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.counts: Counter[Unit] = Counter()
        self.stored: Counter[str] = Counter()
        """Path -> how often it was written."""
        self.watch: Watch = lambda request, unit, count: False
        self._armed: list[str] = []
        self._lock = threading.Lock()

    def arm(self, fault: str, times: int) -> None:
        """The next requests that it fits meet this fault."""
        with self._lock:
            self._armed += [fault] * times

    @property
    def armed(self) -> int:
        """How many faults have not met a request yet."""
        return len(self._armed)

    def fault_for(self, command: str, path: str, port: int) -> str | None:
        request = Request(command, urlsplit(path).path, port)
        with self._lock:
            self.counts.update(request.units)
            reached: list[tuple[Unit, int]] = [(u, self.counts[u]) for u in request.units]
        lost = [self.watch(request, unit, count) for unit, count in reached]
        if any(lost):
            return "reset"
        fault = self._taken(request)
        if fault == "slow":
            time.sleep(_SLOW_S)
            return None
        return fault

    def answered(self, command: str, path: str, status: int) -> None:
        if command == "PUT" and status == 200:
            with self._lock:
                self.stored[urlsplit(path).path] += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of who went away in the middle: here that is the order of the day."""
        if not isinstance(sys.exc_info()[1], (OSError, TimeoutError)):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]

    def _taken(self, request: Request) -> str | None:
        """The first armed fault that fits; what breaks a body needs one that is there."""
        with self._lock:
            is_read = request.command == "GET" and request.path in self.stored
            for number, fault in enumerate(self._armed):
                if is_read or fault not in _BODIES:
                    return self._armed.pop(number)
        return None


def chaos_proxy(upstream: str) -> AbstractContextManager[ChaosProxy]:
    """A proxy to the server at ``upstream`` (a URL), as long as the block runs."""
    return running(ChaosProxy(upstream))
