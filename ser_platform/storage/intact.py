"""Reading objects intact or not at all; what stays damaged goes into quarantine."""

import contextlib
import json
import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError, StoreError
from ser_platform.storage import met
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.cached import read_parsed

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Parse = Callable[[bytes], Result]
"""Raises CorruptObjectError for bytes that are not what was stored."""

QUARANTINE = "quarantine/"
_REASON = ".reason.json"
_WAITS_S = (0.05, 0.3)
"""Before a damaged object is read again, for it may be the network's doing; half as long to half
as much again."""


def read_intact(store: ObjectStore, key: str, parse: Parse[Result]) -> Result:
    """``parse`` of an object; tried three times.

    Raises:
        CorruptObjectError: when it stays damaged, naming key and store.
        ObjectNotFoundError: when nothing is stored under ``key``.
        StoreError: when the store cannot be reached or refuses.
    """
    return _tried(store, key, lambda: parse(store.read(key)))


def read_intact_or_copy(
    store: ObjectStore, key: str, parse: Parse[Result], *, keep: bool = True
) -> Result:
    """The same of one whose content is fixed by its key: from a copy here, where there is one.

    Where there is none, ``keep`` makes one, if the store keeps copies.

    Raises:
        CorruptObjectError, ObjectNotFoundError, StoreError: as :func:`read_intact`.
    """
    return _tried(store, key, lambda: read_parsed(store, key, parse, keep=keep))


def _tried(store: ObjectStore, key: str, read: Callable[[], Result]) -> Result:
    for wait_s in _WAITS_S:
        with contextlib.suppress(CorruptObjectError):
            return read()
        met.count("damaged")
        time.sleep(wait_s * random.uniform(0.5, 1.5))  # nosec B311  # no secret
    try:
        return read()
    except CorruptObjectError as error:
        raise CorruptObjectError(f"'{key}' in {store.url} is damaged: {error}") from error


def read_or_put_aside(store: ObjectStore, key: str, parse: Parse[Result]) -> Result | None:
    """``parse`` of an object that can be made again; None when it has to be.

    Nothing is there, or what stays damaged: that is moved into quarantine, with a warning.

    Raises:
        StoreError: when the store cannot be reached or refuses.
    """
    try:
        try:
            return read_intact(store, key, parse)
        except CorruptObjectError as error:
            aside = put_aside(store, key, parse, remove=True)
            if aside is None:  # it was the way to the store, or another process has mended it
                return read_intact(store, key, parse)
            _log.warning("%s; %s, and made again where it is needed", error, kept_as(aside))
            return None
    except ObjectNotFoundError:
        return None


def put_aside(store: ObjectStore, key: str, parse: Parse[object], *, remove: bool) -> str | None:
    """Keep a damaged object, and why, below ``quarantine/``, for people to look at.

    It is looked at again first, and once more before it is removed: by now another process may
    have stored a good one.

    Args:
        store: where it lies.
        key: of the object.
        parse: tells whether it is damaged.
        remove: False leaves it for a new one to replace, which takes no right to delete.

    Returns:
        Its key in quarantine, empty when it could not be kept; None when it is not damaged any
        more, or gone.
    """
    try:
        data = store.read(key)
    except ObjectNotFoundError:
        return None
    try:
        parse(data)
    except CorruptObjectError as error:
        aside = _keep(store, key, data, str(error))
        if remove and _lies(store, key, data):
            store.delete(key)
        return aside
    return None


def kept_as(aside: str | None) -> str:
    """What became of a damaged object, in words: as :func:`put_aside` tells it."""
    return f"kept as {aside}" if aside else "not kept"


def quarantined(store: ObjectStore) -> list[str]:
    """Keys of what lies in quarantine, without the reasons."""
    return [key for key in store.keys(QUARANTINE) if not key.endswith(_REASON)]


def _lies(store: ObjectStore, key: str, data: bytes) -> bool:
    try:
        return store.read(key) == data
    except ObjectNotFoundError:
        return False


def _keep(store: ObjectStore, key: str, data: bytes, reason: str) -> str:
    aside = QUARANTINE + key
    met.count("put aside")
    try:
        store.write(aside, data)
        store.write(aside + _REASON, json.dumps({"key": key, "reason": reason}).encode())
    except StoreError as error:  # no right to write there, say: what matters is not to use it
        _log.warning("'%s' is damaged (%s), and cannot be kept: %s", key, reason, error)
        return ""
    return aside
