"""Who uses which features: what keeps them from being collected as garbage."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel, ConfigDict, ValidationError

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_intact

FOLDER = "features/uses/"


class Use(BaseModel):
    """An experiment that read features, or filled the cache with them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Of the experiment file."""
    corpus: str
    manifests: tuple[str, ...]
    """Digests of the manifests of everything it read."""


@dataclass(frozen=True)
class StoredUse:
    """A use, where it lies, and when it last was one."""

    use: Use
    key: str
    days_ago: float


def note_use(store: ObjectStore, name: str, corpus: str, manifests: Sequence[str]) -> None:
    """Record that an experiment reads these manifests now; done again, it only renews the time."""
    use = Use(name=name, corpus=corpus, manifests=tuple(sorted(manifests)))
    data = canonical_json(use.model_dump(mode="json")).encode()
    store.write(_key(data), data)


def stored_uses(store: ObjectStore) -> list[StoredUse]:
    """Every use, the latest first.

    Raises:
        CorruptObjectError: for one that cannot be read: what it protects is not known.
    """
    now = time.time()
    found = []
    for entry in store.entries(FOLDER):
        try:
            use = read_intact(store, entry.key, partial(_parse, entry.key))
        except CorruptObjectError as error:
            raise CorruptObjectError(
                f"{error}; what it protects is not known: delete it if no study needs its features"
            ) from error
        found.append(StoredUse(use, entry.key, (now - entry.modified_s) / 86_400))
    return sorted(found, key=lambda stored: stored.days_ago)


def _key(data: bytes) -> str:
    """Where a use lies: its name is its digest."""
    return f"{FOLDER}{hashlib.sha256(data).hexdigest()[:16]}.json"


def _parse(key: str, data: bytes) -> Use:
    if _key(data) != key:
        raise CorruptObjectError("its SHA-256 is not that in its name")
    try:
        return Use.model_validate_json(data)
    except ValidationError as error:
        raise CorruptObjectError("it is no use of this version") from error
