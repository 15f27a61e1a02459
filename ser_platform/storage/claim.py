"""Who holds a study: an object in the store, and how one comes to hold it.

No clock of the store or of another machine is read: whoever finds a claim watches with a clock of
its own whether it still changes.
"""

import contextlib
import logging
import time
from dataclasses import dataclass
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError, StudyHeldError
from ser_platform.process import lives, numbering, this_process
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import kept_as, put_aside
from ser_platform.storage.sealed import sealed_json, unsealed_json

_log = logging.getLogger(__name__)

FOLDER = "leases/"
BEAT_S = 3.0
"""How often a holder renews its claim."""
LEASE_S = 60.0
"""A claim that has stood still for so long is nobody's any more."""
_PATIENCE_S = 4.5
"""A holder that lives has renewed its claim by then, unless the store is slow."""
_LOOK_S = 0.25
_READS = 3


class Claim(BaseModel):
    """What a holder writes, again and again."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    study: str
    process: str
    """Host, number and start of the holder."""
    numbering: str
    """Where that number means the same; see :func:`ser_platform.process.numbering`."""
    command: str
    token: str
    """No other claim has it, so nobody takes another's for its own."""
    fence: int
    """Grows by one whenever the study changes hands."""
    beat: int = 0
    released: bool = False

    @property
    def who(self) -> str:
        """The holder, for messages."""
        host, number, *_ = self.process.split()
        return f"process {number} on {host}"

    @property
    def is_over(self) -> bool:
        """Whether the holder has let go, or is dead for certain: seen from its own machine."""
        is_seen = self.numbering == numbering()
        return self.released or (is_seen and lives(self.process) is False)


def claim_key(study_key: str) -> str:
    """Where the claim to a study lies."""
    return f"{FOLDER}{study_key}.json"


def packed(key: str, claim: Claim) -> bytes:
    """A claim as it is stored."""
    return sealed_json(key, claim.model_dump_json())


def parse_claim(key: str, data: bytes) -> Claim:
    """A stored claim.

    Raises:
        CorruptObjectError: when it is not what was stored.
    """
    try:
        return Claim.model_validate_json(unsealed_json(key, data))
    except ValidationError as error:
        raise CorruptObjectError("it is no claim of this version") from error


def read_claim(store: ObjectStore, key: str) -> tuple[Claim | None, str] | None:
    """A claim and its version; no claim where it is damaged; None where nothing lies.

    Raises:
        StoreError: when the store cannot be reached or refuses.
    """
    version = ""
    try:
        for _ in range(_READS):
            found = store.read_version(key)
            version = found.version
            with contextlib.suppress(CorruptObjectError):
                return parse_claim(key, found.data), version
    except ObjectNotFoundError:
        return None
    return None, version


def acquire(
    store: ObjectStore, study: str, study_key: str, command: str, lease_s: float = LEASE_S
) -> Claim:
    """Take a study that nobody holds, at once; one whose holder shows no life, after ``lease_s``.

    Raises:
        StudyHeldError: as soon as the holder shows that it lives, which takes seconds.
        StoreError: when the store cannot be reached or refuses.
    """
    own = Claim(
        study=study,
        process=this_process(),
        numbering=numbering(),
        command=command,
        token=uuid4().hex,
        fence=1,
    )
    key, watch = claim_key(study_key), _Watch(study, lease_s)
    while (taken := _attempt(store, key, own, watch)) is None:
        time.sleep(_LOOK_S)
    return taken


@dataclass
class _Watch:
    """How long a claim of somebody else has stood still."""

    study: str
    lease_s: float
    version: str = ""
    since_s: float = 0.0
    is_told: bool = False

    def is_still(self, claim: Claim | None, version: str) -> bool:
        """Whether that has been for long enough.

        Raises:
            StudyHeldError: when it has changed: its holder lives.
        """
        if version != self.version:
            if self.version:
                raise _held(self.study, claim)
            self.version, self.since_s = version, time.monotonic()
        still_s = time.monotonic() - self.since_s
        if still_s >= _PATIENCE_S and not self.is_told:
            self.is_told = True
            _log.info(
                "study  %s: %s, who holds it, shows no sign of life; it is taken over when there "
                "is none for %g s",
                *(self.study, "somebody" if claim is None else claim.who, self.lease_s),
            )
        return still_s >= self.lease_s


def _attempt(store: ObjectStore, key: str, own: Claim, watch: _Watch) -> Claim | None:
    """The claim once it is ours; None while it is not."""
    found = read_claim(store, key)
    if found is None:
        return own if _stands(store, key, own, "") else None
    claim, version = found
    is_over = claim is not None and claim.is_over
    if not is_over and not watch.is_still(claim, version):
        return None
    if claim is None:
        aside = put_aside(store, key, lambda data: parse_claim(key, data), remove=True)
        if aside is not None:
            _log.warning("'%s' in %s is damaged; %s", key, store.url, kept_as(aside))
        return None  # the next look finds nothing, or what was mended meanwhile
    taken = own.model_copy(update={"fence": claim.fence + 1})
    if not _stands(store, key, taken, version):
        return None
    if not claim.released:
        _log.warning("study  %s: taken over from %s, which is gone", own.study, claim.who)
    return taken


def _stands(store: ObjectStore, key: str, claim: Claim, version: str) -> bool:
    """Store a claim in the place of that version, or of nothing; whether it is there then.

    Read back, because some servers let both of two racers win, and because an answer may be lost.
    """
    data = packed(key, claim)
    if version:
        store.replace(key, data, version)
    else:
        store.create(key, data)
    try:
        return store.read(key) == data
    except ObjectNotFoundError:
        return False


def _held(study: str, claim: Claim | None) -> StudyHeldError:
    who = "another process" if claim is None else f"{claim.who} (`{claim.command}`)"
    return StudyHeldError(
        f"study {study} is run by {who}, and only one may write it. `python -m ser_platform.tune "
        "status EXPERIMENT` tells how far it is; end it with `python -m ser_platform.tune stop "
        "EXPERIMENT` or with Ctrl-C where it runs, or wait until it has ended"
    )
