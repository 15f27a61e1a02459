"""One writer per study: a claim to it that is renewed for as long as the study runs."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from threading import Event, Lock, Thread

from ser_platform.errors import CorruptObjectError, StoreError, StudyTakenError
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.claim import (
    BEAT_S,
    LEASE_S,
    Claim,
    acquire,
    claim_key,
    packed,
    read_claim,
)

_log = logging.getLogger(__name__)

_LAST_WAIT_S = 10.0
_AGAIN_S = 1.0
_PASSES = (StoreError, CorruptObjectError)
"""What may be over soon, and is no reason to end a study."""


@contextlib.contextmanager
def held(
    store: ObjectStore, study: str, study_key: str, command: str, lease_s: float = LEASE_S
) -> Iterator["Lease"]:
    """Hold a study for as long as the block runs; nobody else runs it in the meantime.

    Raises:
        StudyHeldError: when another process runs it.
        StoreError: when the store cannot be reached or refuses.
    """
    lease = Lease(store, study_key, acquire(store, study, study_key, command, lease_s), lease_s)
    lease.start()
    try:
        yield lease
    finally:
        lease.release()


class Lease:
    """A claim to a study, and the thread that renews it.

    Whoever commits to what a study shares asks :meth:`confirm` before, so that a process that was
    stopped for long writes nothing once another has taken its place.
    """

    def __init__(
        self, store: ObjectStore, study_key: str, claim: Claim, lease_s: float = LEASE_S
    ) -> None:
        self.claim = claim
        """As it was stored last."""
        self._store, self._key, self._lease_s = store, claim_key(study_key), lease_s
        self._one_at_a_time = Lock()
        self._over = Event()
        self._is_told = False
        """Whether the outage that lasts is in the log."""
        self._loss: StudyTakenError | None = None
        self._tell: Callable[[StudyTakenError], object] = lambda loss: None
        # A daemon: a store that hangs must not keep the program alive.
        self._thread = Thread(target=self._work, name="lease", daemon=True)

    @property
    def is_lost(self) -> bool:
        """Whether it is known that another has taken the study over."""
        return self._loss is not None

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def when_lost(self, tell: Callable[[StudyTakenError], object]) -> None:
        """Call this, from the thread that notices, should another take the study over."""
        self._tell = tell
        if self._loss is not None:
            tell(self._loss)

    def check(self) -> None:
        """Ask nobody.

        Raises:
            StudyTakenError: when it is known that another has taken the study over.
        """
        if self._loss is not None:
            raise self._loss

    def confirm(self) -> None:
        """Renew now; an outage of the store is waited for as long as others would wait.

        Raises:
            StudyTakenError: when another has taken the study over.
            StoreError: when the store stays away.
        """
        until_s = time.monotonic() + self._lease_s
        while time.monotonic() < until_s:
            with contextlib.suppress(*_PASSES):
                return self._renew()
            time.sleep(_AGAIN_S)
        return self._renew()

    def release(self) -> None:
        """Renew no more, and let the next process have the study at once."""
        self._over.set()
        self._thread.join(_LAST_WAIT_S)
        if self._loss is not None or self._thread.is_alive():
            return  # it is another's, or the store hangs: then others wait until it stands still
        try:
            self._renew(released=True)
        except (*_PASSES, StudyTakenError) as error:
            _log.warning("study  %s: its lease could not be let go: %s", self.claim.study, error)

    def _work(self) -> None:
        while not self._over.wait(BEAT_S):
            self._beat()

    def _beat(self) -> None:
        try:
            self._renew()
            self._is_told = False
        except StudyTakenError:
            self._over.set()  # who is to know was told
        except _PASSES as error:
            if not self._is_told:
                _log.warning(
                    "study  %s: its lease is not renewed: %s. The study goes on, and it is tried "
                    "again; another process may take it over after %g s",
                    *(self.claim.study, error, self._lease_s),
                )
            self._is_told = True

    def _renew(self, *, released: bool = False) -> None:
        with self._one_at_a_time:
            self.check()
            found = read_claim(self._store, self._key)
            if found is None:
                self._lose(None)
                return
            claim, version = found
            if claim is None:
                raise CorruptObjectError(f"'{self._key}' in {self._store.url} is damaged")
            if claim.token != self.claim.token:
                self._lose(claim)
            renewed = claim.model_copy(update={"beat": claim.beat + 1, "released": released})
            data = packed(self._key, renewed)
            # Refused although it was stored: when the answer to a first attempt was lost.
            if not self._store.replace(self._key, data, version):
                now = read_claim(self._store, self._key)
                if now is None or now[0] != renewed:
                    self._lose(None if now is None else now[0])
            self.claim = renewed

    def _lose(self, other: Claim | None) -> None:
        """Tell whoever is to know.

        Raises:
            StudyTakenError: always.
        """
        who = "somebody" if other is None else f"{other.who} (`{other.command}`)"
        self._loss = StudyTakenError(
            f"study {self.claim.study} was taken over by {who}, because this process did not "
            f"renew its lease for {self._lease_s:g} s (was it stopped, or its machine?); it "
            "writes nothing more, and what it had stored is used"
        )
        self._tell(self._loss)
        raise self._loss
