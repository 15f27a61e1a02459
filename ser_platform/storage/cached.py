"""Copies of remote objects on this machine's disk, so that a warm start downloads nothing."""

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from ser_platform.errors import CorruptObjectError
from ser_platform.storage.base import Entry, ObjectStore, Versioned
from ser_platform.storage.keys import check_key
from ser_platform.storage.local import temporary_file

_log = logging.getLogger(__name__)

Parsed = TypeVar("Parsed")

_PART_LIVES_S = 3600.0  # an unfinished file older than this has lost its process


def read_parsed(
    store: ObjectStore, key: str, parse: Callable[[bytes], Parsed], *, keep: bool = True
) -> Parsed:
    """``parse`` of an object that never changes: from a copy here, where the store keeps some.

    Args:
        store: any.
        key: one whose content is fixed by its name.
        parse: raises CorruptObjectError for bytes that are not what was stored; never None.
        keep: False makes no copy where there is none.

    Raises:
        ObjectNotFoundError: when nothing is stored under ``key``, and no copy is here.
        CorruptObjectError: when what the store gives is damaged; it is not kept.
        StoreError: when the store cannot be reached or refuses.
    """
    if isinstance(store, CachedStore):
        return store.read_parsed(key, parse, keep=keep)
    return parse(store.read(key))


class CachedStore:
    """An :class:`ObjectStore` that keeps copies of what :func:`read_parsed` reads.

    All of the protocol goes to the store itself, so a mutable object is never out of date.
    Copies are shared by all processes of a machine, whole or not there, and checked by the
    ``parse`` of whoever reads them: a damaged one is deleted and fetched again. Only one process
    fetches a key at a time. A disk that takes no copy costs a warning, and nothing else.
    """

    def __init__(self, store: ObjectStore, folder: Path, most_bytes: int) -> None:
        """Keep copies in ``folder``, the least recently used deleted beyond ``most_bytes``."""
        self.url = store.url
        self._store = store
        self._copies = folder / "copies"
        self._locks = folder / "locks"
        self._most_bytes = most_bytes
        self._complained = False

    def read(self, key: str) -> bytes:
        return self._store.read(key)

    def write(self, key: str, data: bytes) -> None:
        self._store.write(key, data)
        self._drop(key)

    def create(self, key: str, data: bytes) -> bool:
        return self._store.create(key, data)

    def read_version(self, key: str) -> Versioned:
        return self._store.read_version(key)

    def replace(self, key: str, data: bytes, version: str) -> bool:
        is_stored = self._store.replace(key, data, version)
        self._drop(key)
        return is_stored

    def exists(self, key: str) -> bool:
        return self._store.exists(key)

    def delete(self, key: str) -> None:
        self._store.delete(key)
        self._drop(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self._store.keys(prefix)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        return self._store.entries(prefix)

    def clear_unfinished(self, older_than_s: float, *, delete: bool) -> list[Entry]:
        return self._store.clear_unfinished(older_than_s, delete=delete)

    def read_parsed(
        self, key: str, parse: Callable[[bytes], Parsed], *, keep: bool = True
    ) -> Parsed:
        """See the function of this name."""
        path = self._copies / check_key(key)
        parsed = self._copy(path, parse)
        if parsed is not None:
            return parsed
        if not keep:
            return parse(self._store.read(key))
        with contextlib.ExitStack() as stack:
            try:
                self._locks.mkdir(parents=True, exist_ok=True)
                name = hashlib.sha256(key.encode()).hexdigest()
                stack.enter_context(FileLock(self._locks / f"{name}.lock"))
            except (OSError, NotImplementedError) as error:  # filelock's: a disk without locks
                self._complain(error)
                return parse(self._store.read(key))
            parsed = self._copy(path, parse)  # of whoever held the lock until now
            if parsed is not None:
                return parsed
            data = self._store.read(key)
            parsed = parse(data)  # only what is intact is kept
            self._keep(path, data)
            return parsed

    def _copy(self, path: Path, parse: Callable[[bytes], Parsed]) -> Parsed | None:
        """What the copy holds; None when there is none, or none that can be used."""
        try:
            # Not mapped into memory: there, a failing disk kills the process without a word.
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(error)
            return None
        try:
            parsed = parse(data)
        except CorruptObjectError as error:
            _log.warning("the copy %s is damaged: %s; deleted, and fetched again", path, error)
            try:
                path.unlink(missing_ok=True)
            except OSError as refusal:
                self._complain(refusal)
            return None
        with contextlib.suppress(OSError):  # it may be gone by now, or of another user
            os.utime(path)  # the time of use: see _make_room
        return parsed

    def _keep(self, path: Path, data: bytes) -> None:
        if len(data) > self._most_bytes:
            return
        try:
            self._make_room(len(data))
            with temporary_file(path, data) as part:
                part.replace(path)
        except OSError as error:
            self._complain(error)

    def _make_room(self, needed_bytes: int) -> None:
        """Delete the least recently used copies until there is room for one more."""
        copies: list[tuple[float, int, Path]] = []
        for path in self._copies.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # another process deletes too
                status = path.stat()
                if path.suffix == ".part" and status.st_mtime < time.time() - _PART_LIVES_S:
                    path.unlink()
                elif path.is_file():
                    copies.append((status.st_mtime, status.st_size, path))
        used_bytes = sum(size for _, size, _ in copies)
        for _, size, path in sorted(copies):
            if used_bytes + needed_bytes <= self._most_bytes:
                return
            if path.suffix != ".part":
                path.unlink(missing_ok=True)  # who has it open reads on
                used_bytes -= size

    def _drop(self, key: str) -> None:
        try:
            (self._copies / check_key(key)).unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Say once what keeps copies from being used; the store itself does without."""
        if not self._complained:
            _log.warning(
                "no copies of %s are kept in %s: %s; free or correct cache.folder, "
                "or set cache.max_gb to 0",
                *(self.url, self._copies, error),
            )
        self._complained = True
