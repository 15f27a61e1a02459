"""Reading every stored shard, to find those that are not what was stored."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features.fill import unpack_shard
from ser_platform.features.plan import Shard
from ser_platform.features.shard import unpack
from ser_platform.features.stored import put_aside, read_intact
from ser_platform.storage.base import ObjectStore
from ser_platform.upkeep.manifests import FOLDER as MANIFESTS
from ser_platform.upkeep.manifests import parse_manifest

_READERS = 4


@dataclass(frozen=True)
class Damage:
    """An object that is not what was stored under its key."""

    key: str
    found: str
    kept_as: str
    """Where it lies in quarantine; empty when it was left where it is."""


@dataclass(frozen=True)
class Verification:
    """What ``features verify`` tells."""

    store: str
    read: int
    """Objects read."""
    missing: int
    """Shards of the experiment that are not stored."""
    damaged: tuple[Damage, ...]


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

    def check(key: str) -> None:
        read_intact(store, key, lambda data: unpack_shard(data, checks[key]))

    return _verified(store, list(checks), check, repair=repair)


def verify_all(store: ObjectStore, *, repair: bool) -> Verification:
    """The same for every shard and every manifest in the store."""

    def check(key: str) -> None:
        def whole(data: bytes) -> object:
            if key.startswith(MANIFESTS):
                return parse_manifest(data, key)
            _, meta = unpack(data)
            if meta.get("key") != key:
                raise CorruptObjectError(f"it was stored as {meta.get('key')}")
            return meta

        read_intact(store, key, whole)

    return _verified(store, list(_all_keys(store)), check, repair=repair)


def _all_keys(store: ObjectStore) -> Iterator[str]:
    yield from store.keys("features/v1/")
    yield from store.keys(MANIFESTS)


def _verified(
    store: ObjectStore, keys: list[str], check: Callable[[str], None], *, repair: bool
) -> Verification:
    missing: list[str] = []

    def examine(key: str) -> Damage | None:
        try:
            check(key)
        except ObjectNotFoundError:
            missing.append(key)
        except CorruptObjectError as error:
            aside = put_aside(store, key) if repair else ""
            if repair:
                store.delete(key)
            return Damage(key, str(error), aside)
        return None

    with ThreadPoolExecutor(_READERS) as threads:
        damaged = tuple(found for found in threads.map(examine, keys) if found is not None)
    return Verification(store.url, len(keys) - len(missing), len(missing), damaged)
