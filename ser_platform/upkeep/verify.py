"""Reading what is stored, to find what is not what was stored."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features.fill import unpack_shard
from ser_platform.features.plan import Shard
from ser_platform.features.shard import unpack
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import Parse, put_aside, quarantined, read_intact
from ser_platform.storage.sealed import unsealed_json, unsealed_zip
from ser_platform.upkeep.manifests import FOLDER as MANIFESTS
from ser_platform.upkeep.manifests import parse_manifest

_READERS = 4


@dataclass(frozen=True)
class Damage:
    """An object that is not what was stored under its key."""

    key: str
    found: str
    kept_as: str
    """Where it lies in quarantine; empty when it was left where it is, or could not be kept."""


@dataclass(frozen=True)
class Verification:
    """What ``features verify`` tells."""

    store: str
    read: int
    """Objects read."""
    missing: int
    """Shards of the experiment that are not stored."""
    damaged: tuple[Damage, ...]
    quarantined: tuple[str, ...]
    """What lies in quarantine, from before too; ``gc`` empties it."""


def verify_shards(store: ObjectStore, shards: Iterable[Shard], *, repair: bool) -> Verification:
    """Read the shards of an experiment, from the store itself and not from copies of it.

    Args:
        store: where they lie.
        shards: of every front end of the experiment.
        repair: put what is damaged into quarantine, so that the next fill computes it again.

    Raises:
        StoreError: when the store cannot be reached or refuses.
    """
    checks = {shard.key: shard for shard in shards}

    def parse_of(key: str) -> Parse[object]:
        return lambda data: unpack_shard(data, checks[key])

    return _verified(store, list(checks), parse_of, repair=repair)


def verify_all(store: ObjectStore, *, repair: bool) -> Verification:
    """The same for every shard and manifest, every result and network in the store."""
    return _verified(store, list(_all_keys(store)), _parse_of, repair=repair)


def _all_keys(store: ObjectStore) -> Iterator[str]:
    for folder in ("features/v1/", MANIFESTS, "transcripts/v1/", "answers/v1/", "runs/"):
        yield from store.keys(folder)


def _parse_of(key: str) -> Parse[object]:
    def parse(data: bytes) -> object:
        if key.startswith(MANIFESTS):
            return parse_manifest(data, key)
        if key.endswith(".json"):
            return unsealed_json(key, data)
        if key.endswith(".zip"):
            return unsealed_zip(data)
        _, meta = unpack(data)
        if not key.startswith("runs/") and meta.get("key") != key:
            raise CorruptObjectError(f"it was stored as {meta.get('key')}")
        return meta

    return parse


def _verified(
    store: ObjectStore,
    keys: list[str],
    parse_of: Callable[[str], Parse[object]],
    *,
    repair: bool,
) -> Verification:
    missing: list[str] = []

    def examine(key: str) -> Damage | None:
        parse = parse_of(key)
        try:
            read_intact(store, key, parse)
        except ObjectNotFoundError:
            missing.append(key)
        except CorruptObjectError as error:
            aside = put_aside(store, key, parse, remove=True) if repair else ""
            # None: a fill has stored a good one since.
            return None if aside is None else Damage(key, str(error), aside)
        return None

    with ThreadPoolExecutor(_READERS) as threads:
        damaged = tuple(found for found in threads.map(examine, keys) if found is not None)
    read = len(keys) - len(missing)
    return Verification(store.url, read, len(missing), damaged, tuple(quarantined(store)))
