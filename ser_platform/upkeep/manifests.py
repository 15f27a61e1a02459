"""Manifests as stored: which shards belong together, with their utterances and frames."""

import hashlib
import json
from dataclasses import dataclass

from ser_platform.errors import CorruptObjectError
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_intact

FOLDER = "features/manifests/"


@dataclass(frozen=True)
class Manifest:
    """What an extractor gave for a corpus."""

    digest: str
    kind: str
    """Of the extractor."""
    frames: dict[str, int]
    """Rows of each shard, by its key."""
    utterances: int


def manifest_key(digest: str) -> str:
    """Where the manifest of that digest lies."""
    return f"{FOLDER}{digest}.json"


def parse_manifest(data: bytes, key: str) -> Manifest:
    """A manifest, checked against the digest in its key.

    Raises:
        CorruptObjectError: when it is not what was stored.
    """
    digest = key.removeprefix(FOLDER).removesuffix(".json")
    if hashlib.sha256(data).hexdigest() != digest:
        raise CorruptObjectError("its SHA-256 is not that in its name")
    record = json.loads(data)
    shards = record["shards"]
    return Manifest(
        digest=digest,
        kind=str(record["extractor"].get("kind", "unknown")),
        frames={s["key"]: sum(row[2] for row in s["recordings"]) for s in shards},
        utterances=sum(len(s["recordings"]) for s in shards),
    )


def stored_manifests(store: ObjectStore) -> tuple[list[Manifest], list[str]]:
    """Every manifest that is intact, and the keys of those that are not."""
    found = {key: _intact(store, key) for key in store.keys(FOLDER)}
    intact = [manifest for manifest in found.values() if manifest is not None]
    return intact, [key for key, manifest in found.items() if manifest is None]


def _intact(store: ObjectStore, key: str) -> Manifest | None:
    try:
        return read_intact(store, key, lambda data: parse_manifest(data, key))
    except CorruptObjectError:
        return None
