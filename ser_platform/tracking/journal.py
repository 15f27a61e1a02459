"""What MLflow has not taken yet, on disk: a folder for each study and MLflow.

A record is a file (``record_file.py``), numbered in order, there as a whole or not at all, and
deleted once MLflow has it. Only the owner may read it: records name speakers and files.
"""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError
from ser_platform.tracking.record_file import KINDS, pack, unpack
from ser_platform.tracking.records import OpeningRecord, Record

ASIDE: tuple[str, ...] = ("damaged", "refused")
"""Ends of names of records that are sent no more."""
_OPENING = "study.zip"
_PART = ".part"
_PART_LIVES_S = 3600.0
"""An unfinished file older than this has lost its process."""


class Journal:
    """The records of one study.

    Several processes may write, each under numbers of its own; who sends or deletes holds the
    lock, which ends with the process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._token = token_hex(4)
        self._next = 1
        # Not bound to a thread: the study's program locks, its thread unlocks.
        self._lock = FileLock(folder.with_suffix(".lock"), mode=0o600, thread_local=False)

    def open(self, opening: OpeningRecord) -> None:
        """Make the folder, and write down whose it is; what is in it stays.

        Raises:
            OSError: when the disk does not take it.
        """
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._write(_OPENING, pack(opening))
        last = max((int(path.name[:6]) for path in self.pending()), default=0)
        self._next = last + 1

    def append(self, record: Record) -> Path:
        """Write a record; it is on the disk for good when this returns.

        Raises:
            OSError: when the disk does not take it; nothing of it is left.
        """
        name = f"{self._next:06d}-{KINDS[type(record)]}-{self._token}.zip"
        path = self._write(name, pack(record))
        self._next += 1
        return path

    def pending(self) -> list[Path]:
        """The records that MLflow has not taken, in order; without those that were set aside."""
        return sorted(self.folder.glob("[0-9]*.zip"))

    def aside(self) -> list[Path]:
        """Records that will not be sent: damaged ones, and those that MLflow refuses for good."""
        return sorted(path for why in ASIDE for path in self.folder.glob(f"*.{why}"))

    @property
    def unsent(self) -> bool:
        """Whether there is something that MLflow has not been told, be it only how it ended."""
        return (self.folder / _OPENING).exists() or bool(self.pending())

    def opening(self) -> OpeningRecord:
        """Whose it is.

        Raises:
            CorruptObjectError: when that is damaged or gone, so that nothing can be sent.
        """
        with self.opened(self.folder / _OPENING) as record:
            if not isinstance(record, OpeningRecord):
                raise CorruptObjectError("it does not tell of a study")
            return record

    @contextmanager
    def opened(self, path: Path) -> Iterator[Record]:
        """A record; files of a model are there until the block ends.

        Raises:
            CorruptObjectError: when it is damaged, or gone.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError as e:
            raise CorruptObjectError("it is gone: somebody deleted it") from e
        with TemporaryDirectory(prefix="ser-record-") as folder:
            yield unpack(data, Path(folder))

    def remove(self, path: Path) -> None:
        """Forget a record that MLflow has taken."""
        path.unlink(missing_ok=True)

    def set_aside(self, path: Path, why: str) -> Path:
        """Keep a record to be looked at, and send it no more.

        Args:
            path: of the record.
            why: one of :data:`ASIDE`.
        """
        kept = path.with_name(f"{path.name}.{why}")
        if path.exists():
            path.rename(kept)
        return kept

    def discard(self) -> None:
        """MLflow has all of it: delete the folder, or all but what was set aside."""
        if self.pending() or not (self.folder / _OPENING).exists():
            return
        for part in self.folder.glob(f".*{_PART}"):
            if part.stat().st_mtime < time.time() - _PART_LIVES_S:
                part.unlink(missing_ok=True)
        opening = (self.folder / _OPENING).read_bytes()
        (self.folder / _OPENING).unlink()
        try:
            self.folder.rmdir()
        except OSError as e:
            if e.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if self.pending():  # another process has just begun to write
                self._write(_OPENING, opening)

    def lock(self) -> bool:
        """Become the one who sends; False while another process is, or another study here."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def locked(self) -> bool:
        """Whether somebody else sends; asked for a moment only."""
        free = self.lock()
        if free:
            self.unlock()
        return not free

    def unlock(self) -> None:
        """Let others send."""
        self._lock.release(force=True)

    def _write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        part = self.folder / f".{token_hex(8)}{_PART}"
        try:
            with open(part, "xb", opener=_private) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # Renaming within a folder is atomic, so no reader meets half a record.
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(self.folder)
        return path


def journal_of(root: Path, opening: OpeningRecord) -> Journal:
    """The journal of a study, below the folder of all journals."""
    identity = canonical_json([opening.uri, opening.experiment, opening.study.study_key])
    return Journal(root / hashlib.sha256(identity.encode()).hexdigest()[:16])


def journals(root: Path) -> list[Journal]:
    """All that lie in a folder, those included of which only set aside records are left."""
    return [Journal(folder) for folder in sorted(root.glob("*/")) if any(folder.glob("*.zip*"))]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    """Make a rename last: it is written in the folder, not in the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
