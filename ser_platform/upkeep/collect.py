"""Garbage of the store: what no experiment needs, once it is old enough."""

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ser_platform.errors import CorruptObjectError
from ser_platform.storage.base import Entry, ObjectStore
from ser_platform.storage.claim import FOLDER as LEASES
from ser_platform.storage.intact import QUARANTINE
from ser_platform.upkeep import manifests, uses
from ser_platform.upkeep.manifests import Manifest, manifest_key, stored_manifests
from ser_platform.upkeep.uses import StoredUse, stored_uses

_SHARD = re.compile(r"features/v[0-9]+/.+\.st")
_PROGRESS = re.compile(r"(runs/([0-9a-f]+)/fold[0-9]+/)progress\.st")
_QUARANTINE = (QUARANTINE, "features/quarantine/", "transcripts/quarantine/")
_LOOKED_AT = ("features/", "transcripts/quarantine/", "runs/", LEASES, QUARANTINE)
_IN_ORDER = (uses.FOLDER, manifests.FOLDER)
"""Deleted first and in this order, so that nothing is ever named that is gone."""
_DAY_S = 86_400


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
    """Objects in the folders that were looked at which stay."""
    deleted: bool
    runs_left_alone: str
    """Why nothing below ``runs/`` was looked at; empty when it was."""


@dataclass(frozen=True)
class Needed:
    """What the experiments at hand need, and what records name."""

    shards: frozenset[str]
    """Keys of shards."""
    runs: frozenset[str] = frozenset()
    """Keys of the runs that any study or any run in MLflow names."""
    runs_unknown: str = ""
    """Why :attr:`runs` is not known; then progress of all runs is needed."""


def collect(
    store: ObjectStore,
    given: Needed,
    *,
    older_than_days: float,
    unused_for_days: float | None,
    delete: bool,
) -> Collected:
    """Find what may go, and delete it if asked to.

    Needed are: the shards given; every manifest that a recorded use names, that is made of those
    shards only, or that is younger than ``older_than_days``; the shards of those manifests; of
    runs everything but progress, and that too where a record names the run and the fold is not
    trained. Objects younger than ``older_than_days`` stay in any case: somebody may be at work.
    Other folders are not looked at.

    Args:
        store: to be cleaned.
        given: what is needed.
        older_than_days: the grace period, by the clock of the store.
        unused_for_days: uses that are older protect nothing and go too; None: all protect.
        delete: False only tells.

    Raises:
        CorruptObjectError: when a use, or a manifest that is in use, cannot be read.
        StoreError: when the store cannot be reached or refuses.
    """
    entries = [entry for folder in _LOOKED_AT for entry in store.entries(folder)]
    now = time.time()
    days_old = {entry.key: (now - entry.modified_s) / _DAY_S for entry in entries}
    recorded = stored_uses(store)
    lapsed = {
        stored.key
        for stored in recorded
        if unused_for_days is not None and stored.days_ago > unused_for_days
    }
    needed = set(given.shards) | _needed_progress(given, set(days_old))
    for manifest in _needed_manifests(
        store,
        given.shards,
        [stored for stored in recorded if stored.key not in lapsed],
        {key for key, days in days_old.items() if days < older_than_days},
    ):
        needed |= {manifest_key(manifest.digest), *manifest.frames}
    garbage = [
        Garbage(entry.key, why, *_size_and_age(entry, now))
        for entry in entries
        if days_old[entry.key] >= older_than_days
        and (why := _why_garbage(entry, needed, lapsed)) is not None
    ]
    garbage.sort(key=lambda g: (*(not g.key.startswith(part) for part in _IN_ORDER), g.key))
    if delete:
        garbage = [item for item in garbage if _delete(store, item, older_than_days)]
    kept = len(entries) - len(garbage)
    garbage += [
        Garbage(e.key, "half-written by a process that was killed", *_size_and_age(e, now))
        for e in store.clear_unfinished(older_than_days * _DAY_S, delete=delete)
    ]
    return Collected(store.url, tuple(garbage), kept, delete, given.runs_unknown)


def _size_and_age(entry: Entry, now: float) -> tuple[float, float]:
    return entry.size_bytes / 1e6, (now - entry.modified_s) / _DAY_S


def _delete(store: ObjectStore, item: Garbage, older_than_days: float) -> bool:
    """Delete it, unless it was written again since it was listed."""
    if item.key.startswith((LEASES, "runs/")):
        entry = next((e for e in store.entries(item.key) if e.key == item.key), None)
        if entry is None or time.time() - entry.modified_s < older_than_days * _DAY_S:
            return False
    store.delete(item.key)
    return True


def _needed_progress(given: Needed, stored: set[str]) -> set[str]:
    found = [match for key in stored if (match := _PROGRESS.fullmatch(key))]
    if given.runs_unknown:
        return {match[0] for match in found}
    named = [match for match in found if match[2] in given.runs]
    return {match[0] for match in named if f"{match[1]}trained.json" not in stored}


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
    if entry.key.startswith(LEASES):
        return "a lease that nobody renews"
    if _PROGRESS.fullmatch(entry.key):
        return "progress of a fold that is trained, or of a run that no record names"
    return None
