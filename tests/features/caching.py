"""Ways to fill a cache of features, and to damage it."""

import pickle
import random
from collections.abc import Callable, Iterable, Iterator

from ser_platform.features.fill import ShardSummary, ShardTask
from ser_platform.storage import ObjectStore

Fill = Callable[[ShardTask], ShardSummary]


def nothing_to_do(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
    assert list(items) == []
    return iter(())


def as_a_cluster_does(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
    """Everything travels by pickling, and results come in any order."""
    travelled = [pickle.loads(pickle.dumps((function, item))) for item in items]
    random.Random(3).shuffle(travelled)
    return iter([pickle.loads(pickle.dumps(f(item))) for f, item in travelled])


def shards_in(store: ObjectStore) -> list[str]:
    return list(store.keys("features/v1/"))


def damage(store: ObjectStore, key: str) -> bytes:
    data = bytearray(store.read(key))
    data[-5] ^= 1
    store.write(key, bytes(data))
    return bytes(data)
