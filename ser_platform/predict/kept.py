"""Answers about a part as one stored object; those of a part in which an engine failed."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features.shard import pack, unpack
from ser_platform.inference.answer import Answer
from ser_platform.predict.asking import Unanswered
from ser_platform.predict.parts import Part
from ser_platform.storage import ObjectStore
from ser_platform.storage.intact import read_intact

Found = Answer | Unanswered


def pack_answers(part: Part, found: Sequence[Found]) -> bytes:
    """The answers about the recordings of a part."""
    return _packed(part.key, found)


def unpack_answers(data: bytes, part: Part) -> list[Found]:
    """The answers of a stored part.

    Raises:
        CorruptObjectError: when it is not what was stored under this key.
    """
    found = [one for one in _answers(data, part.key, len(part.recordings)) if one is not None]
    if len(found) != len(part.recordings):
        raise CorruptObjectError("answers are missing in it")
    return found


def keep_some(store: ObjectStore, part: Part, found: Sequence[Found | None]) -> None:
    """Keep answers of a part that lacks others: None is asked again, the next time."""
    key = _some_key(part)
    store.write(key, _packed(key, found))


def some_answers(store: ObjectStore, part: Part) -> Sequence[Found | None]:
    """What :func:`keep_some` kept; of a damaged object nothing."""
    key = _some_key(part)
    try:
        return read_intact(store, key, lambda data: _answers(data, key, len(part.recordings)))
    except (ObjectNotFoundError, CorruptObjectError):
        return [None] * len(part.recordings)


def _some_key(part: Part) -> str:
    return part.key.replace(".st", ".some.st")


def _packed(key: str, found: Sequence[Found | None]) -> bytes:
    return pack({}, {"key": key, "answers": [_as_json(one) for one in found]})


def _as_json(found: Found | None) -> dict[str, object] | None:
    if isinstance(found, Unanswered):
        return dataclasses.asdict(found)
    return found and found.model_dump(mode="json")


def _answers(data: bytes, key: str, number: int) -> list[Found | None]:
    _, meta = unpack(data)
    if meta.get("key") != key or len(meta.get("answers", ())) != number:
        raise CorruptObjectError(f"it was stored as {meta.get('key')}")
    return [one and _from_json(one) for one in meta["answers"]]


def _from_json(one: dict[str, Any]) -> Found:
    return Unanswered(**one) if "error" in one else Answer.model_validate(one)
