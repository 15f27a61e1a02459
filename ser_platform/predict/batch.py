"""A large corpus of recordings: answered in parts, spread over Ray, each kept in the object store.

Layout below the store: ``answers/v1/<2 hex>/<key>.st``, answers about a few recordings each. A key
is a digest of all that fixes them: the model's files, the engines, the front end, the bytes and
the words of every recording. So a second run goes on where the first one ended, whatever ended it,
and asks again only about what has changed.
"""

import dataclasses
import hashlib
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ser_platform.config.cache import CacheConfig
from ser_platform.config.recognition import RecognitionConfig
from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError, EngineError, FeatureError
from ser_platform.features.fill import refuse_other_key
from ser_platform.features.plan import Recording, read_recording
from ser_platform.features.recordings import RecordingDigests
from ser_platform.features.shard import pack, unpack
from ser_platform.features.stored import read_new, read_stored
from ser_platform.inference.answer import Answer, ModelName
from ser_platform.inference.listener import Listener
from ser_platform.predict.asking import Unanswered, question_about
from ser_platform.predict.inputs import Asked
from ser_platform.runtime import Shared, cluster, gpus_for, spread
from ser_platform.storage import ObjectStore, open_store

_log = logging.getLogger(__name__)

_FORMAT = "v1"
"""Counted up whenever the same recordings are answered otherwise."""
_MOST_PER_PART, _MOST_BYTES_PER_PART = 32, 64 << 20

Found = Answer | Unanswered
_Files = Mapping[str, bytes]


@dataclass(frozen=True)
class _Part:
    key: str
    asked: tuple[Asked, ...]
    recordings: tuple[Recording, ...]
    missing: Mapping[int, Unanswered]
    """By their places in the part those that cannot be read; they are in no key."""


@dataclass(frozen=True)
class _Task:
    """All that a process needs to answer a part; recordings travel as bytes."""

    store: ObjectStore
    model: Shared[_Files]
    name: ModelName
    recogniser: RecognitionConfig
    longest_s: float
    part: _Part
    audio: tuple[bytes, ...]
    replace: bool
    """True when a damaged object lies under the key."""


@dataclass(frozen=True)
class _Summary:
    key: str
    not_stored: tuple[Found, ...] = ()
    """The answers, where an engine failed: another time it may not."""


def batch_answers(
    listener: Listener, folder: Path, asked: Sequence[Asked], url: str
) -> Generator[Found]:
    """An answer about each recording, or why there is none, in the order of the recordings.

    What is answered stays stored, also when this ends early. Joins the cluster of ``RAY_ADDRESS``,
    or starts Ray here.

    Args:
        listener: the model, as the folder holds it.
        folder: of the model; its files travel to the workers.
        asked: the recordings.
        url: of the store of the answers: a folder or ``s3://bucket/prefix``.

    Raises:
        ConfigError: for a URL that names no store.
        FeatureError: for a recording that changes while it is read.
        StoreError: when the store cannot be reached or refuses.
        WorkersError: when Ray does not come up, or a machine has other packages than this one.
    """
    store = open_store(url)
    digests = RecordingDigests(Path(CacheConfig().folder), "predict")
    parts = list(_parts(listener, asked, digests))
    digests.save()
    with cluster():
        files: _Files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        batch = _Batch(listener, Shared(files), store)
        for part, found in batch.answered(parts):
            yield from _in_order(part, found, listener.model)


class _Batch:
    """Asks about parts whose answers are not stored."""

    def __init__(self, listener: Listener, files: Shared[_Files], store: ObjectStore) -> None:
        self._listener, self._files, self._store = listener, files, store
        self._gpus = gpus_for(listener.experiment.features)

    def answered(self, parts: Sequence[_Part]) -> Iterator[tuple[_Part, Sequence[Found]]]:
        """The parts in order with what was found; no more is in memory than one of them."""
        there = set(self._store.keys(f"answers/{_FORMAT}/"))
        missing = {part.key: part for part in parts if part.key not in there and part.recordings}
        _log.info("answers: %d of %d parts are stored", len(parts) - len(missing), len(parts))
        summaries = self._ask(missing.values())
        done: dict[str, tuple[Found, ...]] = {}
        for part in parts:
            if not part.recordings:
                yield part, ()
                continue
            while part.key in missing and part.key not in done:
                summary = next(summaries)
                done[summary.key] = summary.not_stored
            yield part, done.get(part.key) or self._read(part)

    def _read(self, part: _Part) -> Sequence[Found]:
        """What is stored; asked again where that is damaged, or gone by now."""
        stored, damaged = read_stored(self._store, [part], _unpack)
        if part.key in stored:
            return stored[part.key]
        (summary,) = self._ask([part], replace=bool(damaged))
        return summary.not_stored or read_new(self._store, [part], _unpack)[part.key]

    def _ask(self, parts: Iterable[_Part], *, replace: bool = False) -> Iterator[_Summary]:
        tasks = (
            _Task(
                store=self._store,
                model=self._files,
                name=self._listener.model,
                recogniser=self._listener.recogniser,
                longest_s=self._listener.longest_s,
                part=part,
                audio=tuple(read_recording(recording) for recording in part.recordings),
                replace=replace,
            )
            for part in parts
        )
        return spread(_answer_part, tasks, self._gpus)


def _in_order(part: _Part, found: Sequence[Found], model: ModelName) -> Iterator[Found]:
    """What was found of the recordings of a part, as they and the model are called today."""
    answers = iter(found)
    for place, asked in enumerate(part.asked):
        if place in part.missing:
            yield part.missing[place]
            continue
        match next(answers):
            case Answer() as answer:
                yield answer.model_copy(update={"recording": str(asked.path), "model": model})
            case Unanswered(recording, error):
                yield Unanswered(str(asked.path), error.replace(recording, str(asked.path)))


def _parts(
    listener: Listener, asked: Sequence[Asked], digests: RecordingDigests
) -> Iterator[_Part]:
    """Neighbours that are answered and stored together: few enough that little is lost."""
    members: list[Asked] = []
    size_bytes = 0
    for one in asked:
        own_bytes = one.path.stat().st_size if one.path.is_file() else 0
        full = len(members) == _MOST_PER_PART or size_bytes + own_bytes > _MOST_BYTES_PER_PART
        if members and full:
            yield _part(listener, members, digests)
            members, size_bytes = [], 0
        members.append(one)
        size_bytes += own_bytes
    if members:
        yield _part(listener, members, digests)


def _part(listener: Listener, asked: Sequence[Asked], digests: RecordingDigests) -> _Part:
    recordings: list[Recording] = []
    missing: dict[int, Unanswered] = {}
    for place, one in enumerate(asked):
        name = str(one.path)
        try:
            recordings.append(Recording(one.path.stem, name, digests.of(name)))
        except FeatureError as error:
            missing[place] = Unanswered(name, str(error))
    readable = [one for place, one in enumerate(asked) if place not in missing]
    return _Part(_key(listener, readable, recordings), tuple(asked), tuple(recordings), missing)


def _key(listener: Listener, asked: Sequence[Asked], recordings: Sequence[Recording]) -> str:
    """Where the answers lie, as this machine would give them."""
    inputs = [
        [recording.sha256, one.text, one.words and [dataclasses.asdict(w) for w in one.words]]
        for one, recording in zip(asked, recordings, strict=True)
    ]
    identity = [_FORMAT, listener.identity(hears=_hears(asked)), inputs]
    name = hashlib.sha256(canonical_json(identity).encode()).hexdigest()
    return f"answers/{_FORMAT}/{name[:2]}/{name}.st"


def _hears(asked: Sequence[Asked]) -> bool:
    """Whether nobody gives the words of one of them."""
    return any(one.text is None and one.words is None for one in asked)


def _answer_part(task: _Task) -> _Summary:
    """Answer about the recordings of a part and store it, unless an engine failed.

    Raises:
        WorkersError: when this machine would give other answers than the key stands for.
    """
    listener = _listener(task)
    part = task.part
    asked = [one for place, one in enumerate(part.asked) if place not in part.missing]
    identity = listener.identity(hears=_hears(asked))
    refuse_other_key(part.key, _key(listener, asked, part.recordings), identity)
    answers = [_answer(listener, *each) for each in zip(asked, task.audio, strict=True)]
    found = tuple(answer for answer, _ in answers)
    if not all(lasts for _, lasts in answers):
        return _Summary(part.key, found)
    write = task.store.write if task.replace else task.store.create
    write(part.key, pack({}, {"key": part.key, "answers": [_as_json(one) for one in found]}))
    return _Summary(part.key)


def _answer(listener: Listener, one: Asked, data: bytes) -> tuple[Found, bool]:
    """About a recording, and whether it would be the same another time."""
    try:
        return listener.answer(question_about(one, data)), True
    except FeatureError as error:
        return Unanswered(str(one.path), str(error)), True
    except EngineError as error:
        return Unanswered(str(one.path), str(error)), False


_loaded: dict[tuple[str, str, float], Listener] = {}
"""The model of a process, kept from task to task: it takes seconds to load."""


def _listener(task: _Task) -> Listener:
    name = (task.name.digest, repr(task.recogniser), task.longest_s)
    if name not in _loaded:
        _loaded.clear()
        with TemporaryDirectory(prefix="ser-model-") as folder:
            for file, data in task.model.get().items():
                Path(folder, file).write_bytes(data)
            asked = (task.name.name, task.recogniser, task.longest_s)
            _loaded[name] = Listener(Path(folder), *asked)
    return _loaded[name]


def _as_json(found: Found) -> dict[str, object]:
    if isinstance(found, Unanswered):
        return dataclasses.asdict(found)
    return found.model_dump(mode="json")


def _unpack(data: bytes, part: _Part) -> list[Found]:
    """The answers of a stored part.

    Raises:
        CorruptObjectError: when it is not what was stored under this key.
    """
    _, meta = unpack(data)
    if meta.get("key") != part.key or len(meta.get("answers", ())) != len(part.recordings):
        raise CorruptObjectError(f"it was stored as {meta.get('key')}")
    return [
        Unanswered(**one) if "error" in one else Answer.model_validate(one)
        for one in meta["answers"]
    ]
