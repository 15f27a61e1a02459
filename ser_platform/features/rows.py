"""Rows of a whole corpus: read from the object store, computed where they are missing.

Layout below the store: ``features/v1/<2 hex>/<key>.st`` one shard each (see ``plan``),
``features/manifests/<key>.json`` what belongs together, written last,
``features/uses/`` who uses which manifest (see ``uses``). Damaged objects go to ``quarantine/``.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import ExtractorConfig
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor
from ser_platform.features.base import FrameExtractor, Frames
from ser_platform.features.fill import ShardSummary, ShardTask, fill_shard
from ser_platform.features.held import HeldShard, Holder, joined
from ser_platform.features.plan import Shard, plan_shards, read_recording, refuse_problems
from ser_platform.features.recordings import RecordingDigests
from ser_platform.features.stored import read_new, read_stored, write_manifest
from ser_platform.storage.base import ObjectStore
from ser_platform.utterance import Utterance

Mapper = Callable[
    [Callable[[ShardTask], ShardSummary], Iterable[ShardTask]], Iterator[ShardSummary]
]
"""Calls a module-level function on each item, here or on a cluster; results in any order, as
they finish. It draws an item only when it can be worked on: items hold audio."""
Progress = Callable[[int, int, int], None]
"""Called with utterances done, utterances in all, and how many of those done were stored."""


@dataclass(frozen=True)
class Rows:
    """What an extractor gives for many utterances, one after the other."""

    values: Frames | None
    """``[rows of all, dim]``; None where they are more than may be held."""
    shards: tuple[Shard, ...]
    """Where they are stored, in their order."""
    offsets: NDArray[np.int64]
    """``[utterances + 1]``: utterance i is ``values[offsets[i]:offsets[i + 1]]``."""
    ids: tuple[str, ...]
    """In order of session and id."""
    names: tuple[str, ...]
    manifest_key: str


def in_process(
    function: Callable[[ShardTask], ShardSummary], items: Iterable[ShardTask]
) -> Iterator[ShardSummary]:
    """The :data:`Mapper` without a cluster: one item after the other, here."""
    return map(function, items)


def load_rows(
    store: ObjectStore,
    utterances: Sequence[Utterance],
    config: ExtractorConfig,
    run: Mapper,
    progress: Progress | None,
    digests: RecordingDigests | None,
    most_bytes: float = math.inf,
) -> Rows:
    """The rows of ``utterances``, from the store where they are there and intact.

    What was computed stays stored, also when this fails: called again, it goes on from there.
    Recordings are hashed as by :func:`ser_platform.features.plan.plan_shards`. Every shard is
    read, and its digest checked, whether its rows are held or not; of rows that come to more
    than ``most_bytes`` none are, and a few shards are in memory at once.

    Raises:
        FeatureError: for recordings that cannot be used, by utterance and file.
        StoreError: when the store cannot be reached or refuses.
        CorruptObjectError: when objects just written cannot be read back intact.
    """
    extractor = make_extractor(config)
    shards = plan_shards(utterances, extractor, digests)
    holder = Holder(most_bytes)
    stored, damaged = read_stored(store, shards, holder.unpack)
    cached = done = sum(len(shard.recordings) for shard in shards if shard.key in stored)
    report = progress or _silent
    report(done, len(utterances), cached)

    problems: list[str] = []
    missing = {shard.key: shard for shard in shards if shard.key not in stored}
    tasks = _tasks(store, config, missing.values(), damaged, problems, digests)
    for summary in run(fill_shard, tasks):
        problems.extend(summary.problems)
        done += len(missing[summary.key].recordings)
        report(done, len(utterances), cached)
    refuse_problems(problems)
    # Read back rather than kept: of two who computed a shard, both use the copy that stayed.
    stored |= read_new(store, missing.values(), holder.unpack)
    read = [stored[shard.key] for shard in shards]
    values = joined(read, len(extractor.names)) if holder.holds_all else None
    return _rows(store, shards, read, values, extractor)


def _silent(done: int, total: int, cached: int) -> None:
    pass


def _tasks(
    store: ObjectStore,
    config: ExtractorConfig,
    shards: Iterable[Shard],
    damaged: set[str],
    problems: list[str],
    digests: RecordingDigests | None,
) -> Iterator[ShardTask]:
    """One task per shard, its recordings read when it is drawn; none after a problem."""
    for shard in shards:
        if problems:
            return
        try:
            recordings = tuple(read_recording(recording) for recording in shard.recordings)
        except FeatureError as error:
            problems.append(str(error))
            _forget(shard, digests)
            return
        yield ShardTask(store, config, shard, recordings, replace=shard.key in damaged)


def _forget(shard: Shard, digests: RecordingDigests | None) -> None:
    """Have the recordings hashed again, for the case that what was remembered is wrong."""
    if digests is not None:
        for recording in shard.recordings:
            digests.forget(recording.path)
        digests.save()


def _rows(
    store: ObjectStore,
    shards: Sequence[Shard],
    read: Sequence[HeldShard],
    values: Frames | None,
    extractor: FrameExtractor,
) -> Rows:
    lengths = [shard.lengths for shard in read]
    return Rows(
        values=values,
        shards=tuple(shards),
        offsets=np.cumsum(np.concatenate([[0], *lengths]), dtype=np.int64),
        ids=tuple(r.id for shard in shards for r in shard.recordings),
        names=extractor.names,
        manifest_key=write_manifest(store, shards, lengths, extractor),
    )
