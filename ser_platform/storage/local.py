"""Objects as files under a folder."""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from ser_platform.errors import ObjectNotFoundError, StoreError
from ser_platform.storage.base import Entry, Versioned
from ser_platform.storage.keys import check_key

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space, or give another store",
    errno.EDQUOT: "your disk quota is used up: free some space, or give another store",
    errno.EFBIG: "the file would be larger than this system allows (see ulimit -f)",
    errno.EACCES: "check who may read and write there",
    errno.EROFS: "the disk is mounted read-only: give another store",
    errno.ENOTDIR: "a file lies where a folder is needed: give another store",
    errno.EEXIST: "a file lies where a folder is needed: give another store",
    errno.EISDIR: "a folder lies where an object should be: no key may be the folder of another",
}


_PART = ".part"
_LOCK_S = 15.0
"""How long another process may be in the middle of a :meth:`LocalStore.replace`."""


class LocalStore:
    """An :class:`ObjectStore` in a folder, made on the first write.

    Objects are readable to whom the umask allows, so several people can share one.
    """

    def __init__(self, root: Path) -> None:
        self.url = str(root)
        self._root = root

    def read(self, key: str) -> bytes:
        path = self._path(key)
        with self._explained("read", key):
            try:
                return path.read_bytes()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
                raise ObjectNotFoundError(key, self.url) from error

    def write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._explained("write", key), temporary_file(path, data) as part:
            # Renaming within a folder is atomic, so no reader meets half an object.
            part.replace(path)

    def create(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        with self._explained("write", key), temporary_file(path, data) as part:
            try:
                os.link(part, path)
            except FileExistsError:
                return False
            except OSError as error:
                # exFAT and some network folders have no hard links; last writer wins there.
                if error.errno not in (errno.EPERM, errno.ENOTSUP):
                    raise
                if path.exists():
                    return False
                part.replace(path)
        return True

    def read_version(self, key: str) -> Versioned:
        data = self.read(key)
        return Versioned(data, _version(data))

    def replace(self, key: str, data: bytes, version: str) -> bool:
        path = self._path(key)
        with self._explained("write", key), self._locked(path):
            try:
                found = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return False
            if _version(found) != version:
                return False
            with temporary_file(path, data) as part:
                part.replace(path)
        return True

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._explained("delete", key):
            path.unlink(missing_ok=True)

    def keys(self, prefix: str = "") -> Iterator[str]:
        folder = self._root / prefix.rpartition("/")[0]
        with self._explained("list", prefix):
            found = [
                (Path(parent) / name).relative_to(self._root).as_posix()
                for parent, _, names in os.walk(folder, onerror=_unless_gone)
                for name in names
                if not name.startswith(".")
            ]
        return (key for key in sorted(found) if key.startswith(prefix))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        for key in self.keys(prefix):
            with self._explained("list", key):
                try:
                    status = self._path(key).stat()
                except FileNotFoundError:
                    continue  # deleted since it was listed
            yield Entry(key, status.st_size, status.st_mtime)

    def clear_unfinished(self, older_than_s: float, *, delete: bool) -> list[Entry]:
        found: list[Entry] = []
        with self._explained("clear", "*" + _PART):
            for path in sorted(self._root.rglob(f".*{_PART}")):
                try:
                    status = path.stat()
                    if status.st_mtime > time.time() - older_than_s:
                        continue
                    if delete:
                        path.unlink()
                except FileNotFoundError:
                    continue  # its process lives, and has just finished it
                name = path.relative_to(self._root).as_posix()
                found.append(Entry(name, status.st_size, status.st_mtime))
        return found

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        """The only one of all processes that replaces the object; its lock file stays."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.parent / f".{path.name}.lock", timeout=_LOCK_S)
        try:
            with lock:
                yield
        except (Timeout, NotImplementedError) as error:  # filelock's: a disk without locks
            raise StoreError(
                f"cannot lock '{path}': {error}; a process that was stopped may hold it, or the "
                "disk knows no locks: give another store"
            ) from error

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    @contextmanager
    def _explained(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, "check the folder")
            raise StoreError(
                f"cannot {action} '{key}' in {self.url}: {error.strerror or error}; {remedy}"
            ) from error


@contextmanager
def temporary_file(path: Path, data: bytes) -> Iterator[Path]:
    """A hidden file with ``data`` beside ``path``, on the disk for good, gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{uuid4().hex}{_PART}"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error
