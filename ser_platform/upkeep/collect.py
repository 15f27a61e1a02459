"""Garbage of the feature cache: what no experiment needs, once it is old enough."""

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ser_platform.errors import CorruptObjectError
from ser_platform.storage.base import Entry, ObjectStore
from ser_platform.upkeep import manifests, uses
from ser_platform.upkeep.manifests import Manifest, manifest_key, stored_manifests
from ser_platform.upkeep.uses import StoredUse, stored_uses

_SHARD = re.compile(r"features/v[0-9]+/.+\.st")
_QUARANTINE = "features/quarantine/"
_IN_ORDER = (uses.FOLDER, manifests.FOLDER, "features/v", _QUARANTINE)
"""Deleted in this order, nothing is ever named that is gone."""


@dataclass(frozen=True)
class Garbage:
    """An object that nobody needs."""

    key: str
    why: str
    mb: float
    days_old: float


@dataclass(frozen=True)
class Collected:
    """What ``features gc`` tells."""

    store: str
    garbage: tuple[Garbage, ...]
    kept: int
    """Objects below ``features/`` that stay."""
    deleted: bool


def collect(
    store: ObjectStore,
    shards: Collection[str],
    *,
    older_than_days: float,
    unused_for_days: float | None,
    delete: bool,
) -> Collected:
    """Find what may go, and delete it if asked to.

    Needed are: ``shards``; every manifest that a recorded use names, that is made of ``shards``
    only, or that is younger than ``older_than_days``; the shards of those manifests. Objects
    younger than ``older_than_days`` stay in any case: a fill may be at work. Outside of
    ``features/``, and of the folders known in it, nothing is looked at.

    Args:
        store: to be cleaned.
        shards: keys of all that the experiments at hand need.
        older_than_days: the grace period, by the clock of the store.
        unused_for_days: uses that are older protect nothing and go too; None: all protect.
        delete: False only tells.

    Raises:
        CorruptObjectError: when a use, or a manifest that is in use, cannot be read.
        StoreError: when the store cannot be reached or refuses.
    """
    entries = list(store.entries("features/"))
    now = time.time()
    days_old = {entry.key: (now - entry.modified_s) / 86_400 for entry in entries}
    recorded = stored_uses(store)
    lapsed = {
        stored.key
        for stored in recorded
        if unused_for_days is not None and stored.days_ago > unused_for_days
    }
    needed = set(shards)
    for manifest in _needed_manifests(
        store,
        needed,
        [stored for stored in recorded if stored.key not in lapsed],
        {key for key, days in days_old.items() if days < older_than_days},
    ):
        needed |= {manifest_key(manifest.digest), *manifest.frames}
    garbage = [
        Garbage(entry.key, why, entry.size_bytes / 1e6, days_old[entry.key])
        for entry in entries
        if days_old[entry.key] >= older_than_days
        and (why := _why_garbage(entry, needed, lapsed)) is not None
    ]
    garbage.sort(key=lambda g: ([g.key.startswith(part) for part in _IN_ORDER].index(True), g.key))
    if delete:
        for item in garbage:
            store.delete(item.key)
    return Collected(store.url, tuple(garbage), len(entries) - len(garbage), delete)


def _needed_manifests(
    store: ObjectStore, shards: Collection[str], recorded: list[StoredUse], young: set[str]
) -> Iterator[Manifest]:
    named = {digest for stored in recorded for digest in stored.use.manifests}
    intact, damaged = stored_manifests(store)
    for key in damaged:
        if key in young or key in map(manifest_key, named):
            raise CorruptObjectError(
                f"'{key}' in {store.url} is damaged and in use, so what it needs is not known; "
                "`features verify --all --repair` puts it aside, `features fill` writes it again"
            )
    for manifest in intact:
        in_use = manifest.digest in named or manifest_key(manifest.digest) in young
        if in_use or set(manifest.frames) <= set(shards):
            yield manifest


def _why_garbage(entry: Entry, needed: set[str], lapsed: set[str]) -> str | None:
    """Why an object may go; None when it must stay."""
    if entry.key in needed:
        return None
    if entry.key in lapsed:
        return "an experiment that was not run for long"
    if _SHARD.fullmatch(entry.key):
        return "a shard that no manifest in use names"
    if entry.key.startswith(manifests.FOLDER):
        return "a manifest that no experiment uses"
    if entry.key.startswith(_QUARANTINE):
        return "a damaged object, kept to be looked at"
    return None
