"""Computing one shard: bytes of recordings in, one stored object out. Runs anywhere."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ser_platform.config.inputs import ExtractorConfig
from ser_platform.errors import CorruptObjectError, FeatureError, WorkersError
from ser_platform.features import audio, make_extractor
from ser_platform.features.base import FrameExtractor, Frames, Signal
from ser_platform.features.plan import Recording, Shard, shard_key
from ser_platform.features.shard import Arrays, pack, unpack
from ser_platform.storage.base import ObjectStore


@dataclass(frozen=True)
class ShardTask:
    """All that a process needs to compute a shard; recordings travel as bytes."""

    store: ObjectStore
    config: ExtractorConfig
    shard: Shard
    audio: tuple[bytes, ...]
    replace: bool
    """True when a damaged object lies under the key."""


@dataclass(frozen=True)
class ShardSummary:
    """What became of a :class:`ShardTask`."""

    key: str
    problems: tuple[str, ...]
    """One line per recording that cannot be used; then nothing was stored."""


def fill_shard(task: ShardTask) -> ShardSummary:
    """Compute the frames of a shard and store them, unless a recording cannot be used.

    Raises:
        WorkersError: when this machine would compute others than the key stands for.
    """
    extractor = make_extractor(task.config)
    identity = {**extractor.identity(), **audio.identity()}
    refuse_other_key(task.shard.key, shard_key(extractor, task.shard.recordings), identity)
    results = [
        _extract(extractor, recording, data)
        for recording, data in zip(task.shard.recordings, task.audio, strict=True)
    ]
    problems = tuple(result for result in results if isinstance(result, str))
    if not problems:
        frames = [result for result in results if not isinstance(result, str)]
        write = task.store.write if task.replace else task.store.create
        write(task.shard.key, pack_shard(task.shard, frames))
    return ShardSummary(task.shard.key, problems)


def refuse_other_key(planned: str, own: str, identity: Mapping[str, object]) -> None:
    """Keep what another version computes from being stored for that of the driver.

    Raises:
        WorkersError: when ``own``, the key as this machine makes it, is not the ``planned`` one.
    """
    if own != planned:
        found = ", ".join(f"{name} {value}" for name, value in sorted(identity.items()))
        raise WorkersError(
            f"{platform.node()} would compute something else than the driver asks for; it has "
            f"{found}. Install the driver's packages on every machine of the cluster"
        )


def pack_shard(shard: Shard, frames: list[Frames]) -> bytes:
    """Frames of its recordings, concatenated, as one object."""
    offsets = np.cumsum([0, *(len(f) for f in frames)], dtype=np.int64)
    meta = {"key": shard.key, "ids": [r.id for r in shard.recordings]}
    return pack({"values": np.concatenate(frames), "offsets": offsets}, meta)


def unpack_shard(data: bytes, shard: Shard) -> Arrays:
    """``values [frames, dim]`` and ``offsets [recordings + 1]`` of a stored shard.

    Raises:
        CorruptObjectError: when it is not what was stored under this key.
    """
    return unpack_rows(data, shard.key, len(shard.recordings))


def unpack_rows(data: bytes, key: str, recordings: int) -> Arrays:
    """The same of a shard of which only the key and the number of its recordings are known.

    Raises:
        CorruptObjectError: as :func:`unpack_shard`.
    """
    arrays, meta = unpack(data)
    if meta.get("key") != key or len(arrays["offsets"]) != recordings + 1:
        raise CorruptObjectError(f"it was stored as {meta.get('key')}")
    return arrays


def decoded(recording: Recording, data: bytes) -> Signal:
    """The signal of a recording whose bytes travelled here, ``[samples]``.

    Raises:
        FeatureError: naming the utterance, when they are no usable recording.
    """
    try:
        return audio.decode(data, recording.path)
    except FeatureError as error:
        raise FeatureError(f"{recording.id}: {error}") from error


def _extract(extractor: FrameExtractor, recording: Recording, data: bytes) -> Frames | str:
    """The frames of a recording, or what is wrong with it."""
    try:
        signal = decoded(recording, data)
    except FeatureError as error:
        return str(error)
    try:
        frames = extractor(signal)
    except FeatureError as error:
        return f"{recording.id}: {recording.path}: {error}"
    if not len(frames):
        return f"{recording.id}: {recording.path}: shorter than one frame (features.window_s)"
    if not np.isfinite(frames).all():
        return f"{recording.id}: {recording.path}: its features are not finite; report this"
    return frames
