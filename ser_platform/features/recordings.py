"""Which bytes lie in a recording: hashed once, and again when the file has changed."""

import hashlib
import json
import logging
import os
import re
import time
from pathlib import Path

from ser_platform.errors import FeatureError
from ser_platform.features import audio
from ser_platform.storage.local import temporary_file

_log = logging.getLogger(__name__)

_SETTLED_NS = 2_000_000_000
"""The coarsest time stamp in use (FAT's). A file written later than that before it was hashed
may be written again without its times showing it."""


def read_digest(path: str) -> str:
    """SHA-256 of a recording, read now.

    Raises:
        FeatureError: when it cannot be read.
    """
    return hashlib.sha256(audio.read_bytes(path)).hexdigest()


class RecordingDigests:
    """SHA-256 of recordings, remembered between runs as long as a file looks the same.

    The same means: path, size, time of content, time of inode and number of inode, as git tells
    changed files. Writing a file, or putting another in its place, changes at least the time of
    its inode, which no program can set. What could go unseen: a file system that keeps no such
    time (some network and cloud mounts) and a recording replaced by one of equal size and time
    there; an edit of the disk below the file system. The price of seeing those is to read every
    recording at every start: ``cache.hash_recordings: all``.
    """

    def __init__(self, folder: Path, corpus: str) -> None:
        """Remember in ``folder``, in one file for each name of a corpus."""
        self._file = folder / "recordings" / f"{re.sub('[^A-Za-z0-9._-]', '-', corpus)}.json"
        self._known = _load(self._file)
        self._changed = False

    def of(self, path: str) -> str:
        """SHA-256 of a recording. Threads may ask at once.

        Raises:
            FeatureError: when it cannot be read.
        """
        name = str(Path(path).absolute())
        stamp = _stamp(path)
        known = self._known.get(name)
        if known is not None and known[:-1] == stamp:
            return str(known[-1])
        digest = read_digest(path)
        settled = max(stamp[1:3]) < time.time_ns() - _SETTLED_NS
        if settled and _stamp(path) == stamp:
            self._known[name] = [*stamp, digest]
            self._changed = True
        return digest

    def forget(self, path: str) -> None:
        """Read it again next time."""
        self._changed |= self._known.pop(str(Path(path).absolute()), None) is not None

    def save(self) -> None:
        """Keep what was learned; a folder that cannot be written costs a warning."""
        if not self._changed:
            return
        try:
            with temporary_file(self._file, json.dumps(self._known).encode()) as part:
                part.replace(self._file)
        except OSError as error:
            _log.warning("%s: cannot be written: %s; correct cache.folder", self._file, error)
        self._changed = False


def _stamp(path: str) -> list[int]:
    """Size, times of content and of inode in ns, number of inode."""
    try:
        status = os.stat(path)  # noqa: PTH116  # a third of the time of Path.stat
    except OSError as error:
        raise FeatureError(audio.cannot_read(path, error)) from error
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _load(file: Path) -> dict[str, list[int | str]]:
    try:
        return dict(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, TypeError, ValueError) as error:
        _log.warning("%s: cannot be read: %s; every recording is hashed again", file, error)
        return {}
