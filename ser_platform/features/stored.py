"""Reading objects back from the object store, intact or not at all, and writing the manifest."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features import audio
from ser_platform.features.base import FrameExtractor
from ser_platform.features.plan import Shard
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import kept_as, put_aside, read_intact_or_copy

_log = logging.getLogger(__name__)


class Keyed(Protocol):
    """What is stored as one object."""

    @property
    def key(self) -> str:
        """The object's."""
        ...


Item = TypeVar("Item", bound=Keyed)
Content = TypeVar("Content")
Result = TypeVar("Result")
Unpack = Callable[[bytes, Item], Content]
"""Reads an object back; raises CorruptObjectError when it is not what was stored."""

_READERS = 4


def read_stored(
    store: ObjectStore, items: Iterable[Item], unpack: Unpack[Item, Content]
) -> tuple[dict[str, Content], set[str]]:
    """Contents by key, as far as they are stored and intact; the keys of those damaged.

    A damaged object is copied into quarantine and left for the new one to replace, which takes
    no right to delete. A copy on this machine is read where the store keeps some.
    """
    damaged: set[str] = set()

    def read(item: Item) -> Content | None:
        try:
            return _read(store, item, unpack)
        except ObjectNotFoundError:
            return None
        except CorruptObjectError as error:
            aside = put_aside(store, item.key, lambda data: unpack(data, item), remove=False)
            if aside is None:  # another process has mended it
                return _read(store, item, unpack)
            damaged.add(item.key)
            _log.warning("%s; %s, and computed again", error, kept_as(aside))
            return None

    found = _in_threads(read, items)
    return {key: content for key, content in found.items() if content is not None}, damaged


def read_new(
    store: ObjectStore, items: Iterable[Item], unpack: Unpack[Item, Content]
) -> dict[str, Content]:
    """Contents by key that must be there.

    Raises:
        CorruptObjectError: when one cannot be read intact.
        ObjectNotFoundError: when one is gone.
    """

    def read(item: Item) -> Content:
        try:
            return _read(store, item, unpack)
        except CorruptObjectError as error:
            raise CorruptObjectError(
                f"{error}, though it was just written; check the disk, or the way to the store"
            ) from error

    return _in_threads(read, items)


def _in_threads(read: Callable[[Item], Result], items: Iterable[Item]) -> dict[str, Result]:
    items = list(items)
    with ThreadPoolExecutor(_READERS) as threads:
        return dict(zip((i.key for i in items), threads.map(read, items), strict=True))


def _read(store: ObjectStore, item: Item, unpack: Unpack[Item, Content]) -> Content:
    return read_intact_or_copy(store, item.key, lambda data: unpack(data, item))


def write_manifest(
    store: ObjectStore,
    shards: Sequence[Shard],
    lengths: Sequence[NDArray[np.int64]],
    extractor: FrameExtractor,
) -> str:
    """Record what belongs together, under the digest of that record; returns the digest."""
    contents = [
        {
            "key": shard.key,
            "recordings": [
                [r.id, r.sha256, int(frames)]
                for r, frames in zip(shard.recordings, counts, strict=True)
            ],
        }
        for shard, counts in zip(shards, lengths, strict=True)
    ]
    record = {
        "extractor": extractor.identity(),
        "loader": audio.identity(),
        "names": extractor.names,
        "shards": contents,
    }
    data = canonical_json(record).encode()
    digest = hashlib.sha256(data).hexdigest()
    key = f"features/manifests/{digest}.json"
    if not store.exists(key):
        store.create(key, data)
    return digest
