"""What is stored: for the front ends of an experiment, and in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ser_platform.errors import CorruptObjectError
from ser_platform.features.shard import unpack
from ser_platform.storage.base import Entry, ObjectStore
from ser_platform.storage.intact import read_intact
from ser_platform.upkeep.front_ends import FrontEnd
from ser_platform.upkeep.manifests import stored_manifests
from ser_platform.upkeep.uses import StoredUse, stored_uses


@dataclass(frozen=True)
class Stored:
    """What a front end has of a corpus."""

    kind: str
    signature: str
    shards: int
    shards_stored: int
    utterances: int
    utterances_stored: int
    frames: int
    """Of the shards that are stored and intact."""
    mb: float
    """10^6 bytes of the shards that are stored."""
    damaged: int
    """Shards that were read to be counted, and are not intact; ``verify`` reads all."""

    @property
    def complete(self) -> bool:
        """Whether nothing of the corpus is missing."""
        return self.shards_stored == self.shards


@dataclass(frozen=True)
class Part:
    """Objects of the store under one beginning of their keys."""

    name: str
    objects: int
    mb: float


@dataclass(frozen=True)
class StoredManifest:
    """A manifest, and the experiments that last used it."""

    digest: str
    kind: str
    corpus: str
    """Empty when no experiment says."""
    utterances: int
    frames: int
    used_by: tuple[str, ...]
    days_ago: float | None
    """Since its last use; None: no use is recorded."""


@dataclass(frozen=True)
class Inventory:
    """What ``features ls`` tells."""

    store: str
    corpus: str
    front_ends: tuple[Stored, ...]
    manifests: tuple[StoredManifest, ...]
    parts: tuple[Part, ...]


def inventory(store: ObjectStore, corpus: str, front_ends: Sequence[FrontEnd]) -> Inventory:
    """Count what is stored; only shards of unfinished fills are read.

    Raises:
        StoreError: when the store cannot be reached or refuses.
        CorruptObjectError: when a use cannot be read.
    """
    entries = {entry.key: entry for entry in store.entries("features/")}
    manifests, _ = stored_manifests(store)
    frames = {key: count for manifest in manifests for key, count in manifest.frames.items()}
    uses = stored_uses(store)
    return Inventory(
        store=store.url,
        corpus=corpus,
        front_ends=tuple(_stored(store, f, entries, frames) for f in front_ends),
        manifests=tuple(
            _used(m.digest, m.kind, m.utterances, sum(m.frames.values()), uses) for m in manifests
        ),
        parts=tuple(
            Part(name, len(part), sum(e.size_bytes for e in part) / 1e6)
            for name, group in groupby(entries.values(), key=lambda e: e.key.split("/")[1])
            if (part := list(group))
        ),
    )


def _stored(
    store: ObjectStore, front_end: FrontEnd, entries: dict[str, Entry], frames: dict[str, int]
) -> Stored:
    there = [shard for shard in front_end.shards if shard.key in entries]
    counts = [
        frames[shard.key] if shard.key in frames else _rows_of(store, shard.key) for shard in there
    ]
    return Stored(
        kind=front_end.kind,
        signature=front_end.signature,
        shards=len(front_end.shards),
        shards_stored=len(there),
        utterances=sum(len(shard.recordings) for shard in front_end.shards),
        utterances_stored=sum(len(shard.recordings) for shard in there),
        frames=sum(count for count in counts if count is not None),
        mb=sum(entries[shard.key].size_bytes for shard in there) / 1e6,
        damaged=counts.count(None),
    )


def _rows_of(store: ObjectStore, key: str) -> int | None:
    """Rows of a shard that no manifest counts; None when it is damaged."""
    try:
        return len(read_intact(store, key, unpack)[0]["values"])
    except CorruptObjectError:
        return None


def _used(
    digest: str, kind: str, utterances: int, frames: int, uses: Sequence[StoredUse]
) -> StoredManifest:
    own = [stored for stored in uses if digest in stored.use.manifests]
    return StoredManifest(
        digest=digest,
        kind=kind,
        corpus=", ".join(dict.fromkeys(stored.use.corpus for stored in own)),
        utterances=utterances,
        frames=frames,
        used_by=tuple(dict.fromkeys(stored.use.name for stored in own)),
        days_ago=own[0].days_ago if own else None,
    )
