"""A large corpus of recordings: answered in parts, spread over Ray, each kept in the object store.

A second run goes on where the first one ended, whatever ended it, and asks again only about what
has changed. Of a part in which an engine failed, which it may not do another time, the other
answers are kept.
"""

import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ser_platform.config.recognition import RecognitionConfig
from ser_platform.errors import EngineError, FeatureError
from ser_platform.features.fill import refuse_other_key
from ser_platform.features.plan import read_recording
from ser_platform.features.stored import read_new, read_stored
from ser_platform.inference.answer import Answer, ModelName
from ser_platform.inference.folder import model_files
from ser_platform.inference.listener import Listener
from ser_platform.predict.asking import Unanswered, question_about
from ser_platform.predict.inputs import Asked
from ser_platform.predict.kept import (
    Found,
    keep_some,
    pack_answers,
    some_answers,
    unpack_answers,
)
from ser_platform.predict.parts import FOLDER, Part, identities, key_of, parts_of, without
from ser_platform.runtime.connection import cluster
from ser_platform.runtime.tasks import Shared, gpus_for, spread
from ser_platform.storage import ObjectStore, open_store

_log = logging.getLogger(__name__)

_Files = Mapping[str, bytes]


@dataclass(frozen=True)
class _Task:
    """All that a process needs to answer a part; recordings travel as bytes."""

    store: ObjectStore
    model: Shared[_Files]
    name: ModelName
    recogniser: RecognitionConfig
    longest_s: float
    planned: str
    """The key that the part had when the corpus was looked at."""
    part: Part
    audio: tuple[bytes, ...]
    replace: bool
    """True when a damaged object lies under the key."""


@dataclass(frozen=True)
class _Summary:
    planned: str
    part: Part
    not_stored: tuple[Found, ...] = ()
    """The answers, where an engine failed."""


def batch_answers(
    listener: Listener, folder: Path, asked: Sequence[Asked], url: str
) -> Generator[Found]:
    """An answer about each recording, or why there is none, in the order of the recordings.

    What is answered stays stored, also when this ends early. Joins the cluster of ``RAY_ADDRESS``,
    or starts Ray here.

    Args:
        listener: the model, as the folder holds it.
        folder: of the model, whose files travel to the workers.
        asked: the recordings.
        url: of the store of the answers: a folder or ``s3://bucket/prefix``.

    Raises:
        ConfigError: for a URL that names no store.
        StoreError: when the store cannot be reached or refuses.
        WorkersError: when Ray does not come up, or a machine has other packages than this one.
    """
    store = open_store(url)
    parts = list(parts_of(listener, asked))
    with cluster():
        files: _Files = {path.name: path.read_bytes() for path in model_files(folder)}
        batch = _Batch(listener, Shared(files), store)
        for part, found in batch.answered(parts):
            yield from _in_order(part, found, listener.model)


class _Batch:
    """Asks about parts whose answers are not stored."""

    def __init__(self, listener: Listener, files: Shared[_Files], store: ObjectStore) -> None:
        self._listener, self._files, self._store = listener, files, store
        self._gpus = gpus_for(listener.experiment.features)

    def answered(self, parts: Sequence[Part]) -> Iterator[tuple[Part, Sequence[Found]]]:
        """The parts in order with what was found; of no more than one answers are in memory.

        But for those that wait for their turn and in which an engine failed.
        """
        there = set(self._store.keys(FOLDER))
        missing = {part.key: part for part in parts if part.key not in there and part.recordings}
        _log.info("answers: %d of %d parts are stored", len(parts) - len(missing), len(parts))
        summaries, awaited = self._ask(missing.values()), set(missing)
        kept: dict[str, _Summary] = {}
        for part in parts:
            while part.key in awaited:
                summary = next(summaries)
                awaited.remove(summary.planned)
                if summary.not_stored or summary.part.key != summary.planned:
                    kept[summary.planned] = summary
            yield self._read(kept.pop(part.key, _Summary(part.key, part)))

    def _read(self, summary: _Summary) -> tuple[Part, Sequence[Found]]:
        """What is stored; asked again where that is damaged, or gone by now."""
        part = summary.part
        if summary.not_stored or not part.recordings:
            return part, summary.not_stored
        stored, damaged = read_stored(self._store, [part], unpack_answers)
        if part.key in stored:
            return part, stored[part.key]
        (again,) = self._ask([part], replace=bool(damaged))
        found = again.part
        if again.not_stored or not found.recordings:
            return found, again.not_stored
        return found, read_new(self._store, [found], unpack_answers)[found.key]

    def _ask(self, parts: Iterable[Part], *, replace: bool = False) -> Iterator[_Summary]:
        return spread(_answer_part, (self._task(part, replace) for part in parts), self._gpus)

    def _task(self, planned: Part, replace: bool) -> _Task:
        """Of a part as it is now: recordings may have gone, or changed, since it was planned."""
        audio: list[bytes] = []
        gone: dict[str, str] = {}
        for recording in planned.recordings:
            try:
                audio.append(read_recording(recording))
            except FeatureError as error:
                gone[recording.path] = str(error)
        part = planned if not gone else without(self._listener, planned, gone)
        return _Task(
            store=self._store,
            model=self._files,
            name=self._listener.model,
            recogniser=self._listener.recogniser,
            longest_s=self._listener.longest_s,
            planned=planned.key,
            part=part,
            audio=tuple(audio),
            replace=replace,
        )


def _in_order(part: Part, found: Sequence[Found], model: ModelName) -> Iterator[Found]:
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


def _answer_part(task: _Task) -> _Summary:
    """Answer about the recordings of a part and store it; where an engine failed, the others.

    Raises:
        WorkersError: when this machine would give other answers than the key stands for.
    """
    part, store = task.part, task.store
    if not part.recordings:
        return _Summary(task.planned, part)
    listener, asked = _listener(task), part.readable
    identity = {
        name: value for each in identities(listener, asked) for name, value in each.items()
    }
    refuse_other_key(part.key, key_of(listener, asked, part.recordings), identity)
    known = some_answers(store, part)
    found: list[Found] = []
    lasts: list[bool] = []
    for place, (one, data) in enumerate(zip(asked, task.audio, strict=True)):
        before = known[place]
        answer, is_final = (before, True) if before else _answer(listener, one, data)
        found.append(answer)
        lasts.append(is_final)
    if all(lasts):
        write = store.write if task.replace else store.create
        write(part.key, pack_answers(part, found))
        return _Summary(task.planned, part)
    kept = [one if is_final else None for one, is_final in zip(found, lasts, strict=True)]
    keep_some(store, part, kept)
    return _Summary(task.planned, part, tuple(found))


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
