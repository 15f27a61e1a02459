"""Features of a whole corpus, for the networks: kept in the object store, see ``rows``."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import FeatureConfig, FunctionalsConfig
from ser_platform.features.base import Frames
from ser_platform.features.parts import StoredFrames
from ser_platform.features.recordings import RecordingDigests
from ser_platform.features.rows import Mapper, Progress, in_process, load_rows
from ser_platform.storage.base import ObjectStore
from ser_platform.utterance import Utterance


@dataclass(frozen=True)
class FrameTable:
    """Frames of many utterances, one after the other, in order of session and id."""

    values: Frames
    """``[frames of all, dim]``"""
    offsets: NDArray[np.int64]
    """``[utterances + 1]``: utterance i is ``values[offsets[i]:offsets[i + 1]]``."""
    ids: tuple[str, ...]
    names: tuple[str, ...]
    """What each value of a frame is."""
    window_s: float
    hop_s: float
    manifest_key: str
    """Digest of extractor, settings and recordings: equal key, equal frames."""

    def frames(self, i: int) -> Frames:
        """Frames of utterance ``ids[i]``, ``[frames, dim]``, as a view."""
        return self.values[self.offsets[i] : self.offsets[i + 1]]


@dataclass(frozen=True)
class FunctionalsTable:
    """One row of values for each of many utterances, in order of session and id."""

    values: Frames
    """``[utterances, dim]``: row i is of ``ids[i]``."""
    ids: tuple[str, ...]
    names: tuple[str, ...]
    """What each value of a row is."""
    manifest_key: str
    """Digest of extractor, settings and recordings: equal key, equal values."""


def load_frames(
    store: ObjectStore,
    utterances: Sequence[Utterance],
    config: FeatureConfig,
    run: Mapper = in_process,
    progress: Progress | None = None,
    digests: RecordingDigests | None = None,
) -> FrameTable:
    """The frames of ``utterances``, from the store where they are there and intact.

    What was computed stays stored, also when this fails: called again, it goes on from there.
    Without ``digests`` of earlier runs every recording is read, to be hashed.

    Raises:
        FeatureError: for recordings that cannot be used, by utterance and file.
        StoreError: when the store cannot be reached or refuses.
        CorruptObjectError: when objects just written cannot be read back intact.
    """
    table = load_frames_within(math.inf, store, utterances, config, run, progress, digests)
    assert isinstance(table, FrameTable)
    return table


def load_frames_within(
    most_bytes: float,
    store: ObjectStore,
    utterances: Sequence[Utterance],
    config: FeatureConfig,
    run: Mapper = in_process,
    progress: Progress | None = None,
    digests: RecordingDigests | None = None,
) -> FrameTable | StoredFrames:
    """:func:`load_frames`, but frames that come to more than ``most_bytes`` stay in the store.

    Raises:
        FeatureError, StoreError, CorruptObjectError: as there.
    """
    rows = load_rows(store, utterances, config, run, progress, digests, most_bytes)
    common = {
        "offsets": rows.offsets,
        "ids": rows.ids,
        "names": rows.names,
        "window_s": config.window_s,
        "hop_s": config.hop_s,
        "manifest_key": rows.manifest_key,
    }
    if rows.values is None:
        return StoredFrames(store, rows.shards, **common)
    return FrameTable(rows.values, **common)


def load_functionals(
    store: ObjectStore,
    utterances: Sequence[Utterance],
    config: FunctionalsConfig,
    run: Mapper = in_process,
    progress: Progress | None = None,
    digests: RecordingDigests | None = None,
) -> FunctionalsTable:
    """The functionals of ``utterances``, stored and computed as by :func:`load_frames`.

    Raises:
        FeatureError, StoreError, CorruptObjectError: as there.
    """
    rows = load_rows(store, utterances, config, run, progress, digests)
    assert rows.values is not None
    return FunctionalsTable(rows.values, rows.ids, rows.names, rows.manifest_key)
