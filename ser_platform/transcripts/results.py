"""What engines say of a whole corpus: read from the object store, asked where it is missing.

Layout below the store: ``transcripts/v1/<2 hex>/<key>.st``, results of a few recordings each.
A key is a digest of all that fixes the content: the engine and its settings, the loader, the bytes
and the words of every recording. Damaged objects go to ``quarantine/``.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError, FeatureError
from ser_platform.features import audio
from ser_platform.features.fill import decoded, refuse_other_key
from ser_platform.features.plan import Recording, hashed, read_recording, refuse_problems
from ser_platform.features.rows import Progress
from ser_platform.features.shard import pack, unpack
from ser_platform.features.stored import read_new, read_stored
from ser_platform.storage.base import ObjectStore
from ser_platform.transcripts.engines import EngineConfig, make_engine
from ser_platform.transcripts.engines.base import Engine, Result
from ser_platform.utterance import Utterance

_FORMAT = "v1"
_MOST_PER_PART = 16  # little is lost when a part fails, and a corpus is some hundred requests

_engines: dict[str, Engine] = {}
"""Kept from task to task of a process, by settings: models take seconds to load."""


@dataclass(frozen=True, slots=True)
class Part:
    """Recordings that are listened to and stored together."""

    key: str
    recordings: tuple[Recording, ...]
    words: tuple[tuple[str, ...], ...]
    """For each recording the words to find; none for a recogniser."""


@dataclass(frozen=True)
class PartTask:
    """All that a process needs to fill a part; recordings travel as bytes."""

    store: ObjectStore
    config: EngineConfig
    part: Part
    audio: tuple[bytes, ...]
    replace: bool
    """True when a damaged object lies under the key."""


@dataclass(frozen=True)
class PartSummary:
    """What became of a :class:`PartTask`."""

    key: str
    problems: tuple[str, ...]
    """One line per recording that cannot be used; then nothing was stored."""


Run = Callable[[Callable[[PartTask], PartSummary], Iterable[PartTask]], Iterator[PartSummary]]
"""Calls a module-level function on each item, here or on a cluster; as ``features.rows.Mapper``
does, it draws an item only when it can be worked on."""


def load_results(
    store: ObjectStore,
    utterances: Sequence[Utterance],
    words: Mapping[str, tuple[str, ...]],
    config: EngineConfig,
    run: Run,
    progress: Progress,
) -> dict[str, Result]:
    """What the engine says, by utterance id; from the store where it is there and intact.

    What was computed stays stored, also when this fails: called again, it goes on from there.

    Args:
        store: where results are kept.
        utterances: whose recordings are listened to.
        words: what an aligner is to find, by utterance id; empty for a recogniser.
        config: the engine.
        run: spreads the work.
        progress: told of utterances done, in all, and stored before.

    Raises:
        EngineError: when the engine cannot be used.
        FeatureError: for recordings that cannot be used, by utterance and file.
        StoreError: when the store cannot be reached or refuses.
        CorruptObjectError: when objects just written cannot be read back intact.
    """
    parts = _plan(utterances, words, make_engine(config))
    stored, damaged = read_stored(store, parts, _unpack)
    cached = done = sum(len(part.recordings) for part in parts if part.key in stored)
    progress(done, len(utterances), cached)

    problems: list[str] = []
    missing = {part.key: part for part in parts if part.key not in stored}
    for summary in run(fill_part, _tasks(store, config, missing.values(), damaged, problems)):
        problems.extend(summary.problems)
        done += len(missing[summary.key].recordings)
        progress(done, len(utterances), cached)
    refuse_problems(problems)
    stored |= read_new(store, missing.values(), _unpack)
    return {
        recording.id: result
        for part in parts
        for recording, result in zip(part.recordings, stored[part.key], strict=True)
    }


def fill_part(task: PartTask) -> PartSummary:
    """Listen to the recordings of a part and store the results, unless one cannot be used.

    Raises:
        WorkersError: when this machine's engine is another than the key stands for.
    """
    engine = _engine(task.config)
    own = _key(engine, task.part.recordings, task.part.words)
    refuse_other_key(task.part.key, own, {**engine.identity(), **audio.identity()})
    results: list[Result] = []
    problems: list[str] = []
    recordings = zip(task.part.recordings, task.part.words, task.audio, strict=True)
    for recording, words, data in recordings:
        try:
            signal = decoded(recording, data)
        except FeatureError as error:
            problems.append(str(error))
            continue
        try:
            results.append(engine(signal, words))
        except FeatureError as error:
            problems.append(f"{recording.id}: {recording.path}: {error}")
    if not problems:
        write = task.store.write if task.replace else task.store.create
        write(task.part.key, pack({}, {"key": task.part.key, "results": results}))
    return PartSummary(task.part.key, tuple(problems))


def _engine(config: EngineConfig) -> Engine:
    name = repr(config)
    if name not in _engines:
        _engines[name] = make_engine(config)
    return _engines[name]


def _plan(
    utterances: Sequence[Utterance], words: Mapping[str, tuple[str, ...]], engine: Engine
) -> list[Part]:
    in_order = sorted(utterances, key=lambda u: (u.session, u.id))
    recordings = hashed(in_order)
    parts: list[Part] = []
    for start in range(0, len(recordings), _MOST_PER_PART):
        part = tuple(recordings[start : start + _MOST_PER_PART])
        wanted = tuple(words.get(recording.id, ()) for recording in part)
        parts.append(Part(_key(engine, part, wanted), part, wanted))
    return parts


def _key(engine: Engine, recordings: Sequence[Recording], words: Sequence[tuple[str, ...]]) -> str:
    """Where the results lie, as this machine's version of the engine has them."""
    inputs = [[r.sha256, own] for r, own in zip(recordings, words, strict=True)]
    identity = [_FORMAT, engine.identity(), audio.identity(), inputs]
    name = hashlib.sha256(canonical_json(identity).encode()).hexdigest()
    return f"transcripts/{_FORMAT}/{name[:2]}/{name}.st"


def _tasks(
    store: ObjectStore,
    config: EngineConfig,
    parts: Iterable[Part],
    damaged: set[str],
    problems: list[str],
) -> Iterator[PartTask]:
    """One task per part, its recordings read when it is drawn; none after a problem."""
    for part in parts:
        if problems:
            return
        try:
            recordings = tuple(read_recording(recording) for recording in part.recordings)
        except FeatureError as error:
            problems.append(str(error))
            return
        yield PartTask(store, config, part, recordings, replace=part.key in damaged)


def _unpack(data: bytes, part: Part) -> list[Result]:
    """The results of a stored part.

    Raises:
        CorruptObjectError: when it is not what was stored under this key.
    """
    _, meta = unpack(data)
    if meta.get("key") != part.key or len(meta.get("results", ())) != len(part.recordings):
        raise CorruptObjectError(f"it was stored as {meta.get('key')}")
    return meta["results"]
