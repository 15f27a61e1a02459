"""Where a machine lays frames that memory does not hold: who uses them, and when they go.

Below the folder a part is a folder of its own, named by its key: the files, and ``part.json``,
written last. Whoever uses a part holds a shared lock on its ``part.json`` for as long as the
process lives, so what dead processes used is free, and nothing has to be counted. Half a part is a
hidden folder, of whoever holds the lock of that part.
"""

import contextlib
import fcntl
import logging
import os
import platform
import shutil
from collections.abc import Collection
from pathlib import Path
from tempfile import gettempdir
from typing import IO
from uuid import uuid4

import psutil
from filelock import FileLock, Timeout

from ser_platform.errors import ScratchError

_log = logging.getLogger(__name__)

RECORD = "part.json"
_GONE = ".gone"
_HALF = ".half"
_LOCKS = "locks"
_IN_MEMORY = ("tmpfs", "ramfs")
_OPEN = "r+b"  # a network disk locks for itself only what is open for writing

_used: dict[Path, IO[bytes]] = {}
"""Records of the parts that this process uses; open, and so locked, until it ends."""


def scratch_folder(base: str) -> Path:
    """This user's folder below ``base``, or below the temporary folder of this machine; made.

    Raises:
        ScratchError: when it cannot be made, or is somebody else's.
    """
    folder = Path(base or gettempdir()) / f"ser-frames-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Where everybody may write, another user could have made it before.
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise ScratchError(
                f"{folder} on {platform.node()} is not this user's own folder; remove it, or name "
                "another one: cluster.scratch"
            )
        (folder / _LOCKS).mkdir(exist_ok=True)
    except OSError as error:
        raise scratch_error(folder, error) from error
    return folder


def scratch_error(folder: Path, error: Exception) -> ScratchError:
    """What a failure of the disk means, and what to do."""
    reason = getattr(error, "strerror", None) or error
    return ScratchError(
        f"{folder} on {platform.node()} cannot take frames that memory does not hold: {reason} "
        f"({_free_bytes(folder) / 1e9:.1f} GB are free); free space there, or name a folder on "
        "another disk: cluster.scratch"
    )


def refuse_small_disk(folder: Path, needed_bytes: int, keep: Collection[str] = ()) -> None:
    """Make room for parts, of what nobody uses, and see that there is.

    Args:
        folder: as :func:`scratch_folder` gives it.
        needed_bytes: of parts that are to be laid there.
        keep: keys of parts that stay.

    Raises:
        ScratchError: naming the folder, what is needed and what is free.
    """
    if _free_bytes(folder) < needed_bytes:
        clear(folder, keep)
    free_bytes = _free_bytes(folder)
    if free_bytes < needed_bytes:
        raise ScratchError(
            f"{folder} on {platform.node()} has {free_bytes / 1e9:.1f} GB free, and "
            f"{needed_bytes / 1e9:.1f} GB are needed for frames that memory does not hold: free "
            "space there, name a folder on a larger disk (cluster.scratch), or hold them in "
            "memory (cluster.frames_in_memory_gb)"
        )


def lies_in_memory(folder: Path) -> bool:
    """Whether what is written there takes memory, as in most containers' ``/dev/shm``."""
    mounts = {Path(m.mountpoint): m.fstype for m in psutil.disk_partitions(all=True)}
    real = folder.resolve()
    return next((mounts[p] for p in (real, *real.parents) if p in mounts), "") in _IN_MEMORY


def lock_of(folder: Path, key: str) -> FileLock:
    """What a process holds while it lays a part, or deletes half of one."""
    return FileLock(folder / _LOCKS / f"{key}.lock")


def half_of(folder: Path, key: str) -> Path:
    """Where a part is laid before it is whole; empty. Whoever calls holds the lock of the part."""
    half = folder / f".{key}{_HALF}"
    if half.exists():  # of a process that died over it
        shutil.rmtree(half)
    half.mkdir()
    return half


def uses(part: Path) -> bool:
    """Whether this process uses a part that is still there."""
    return part in _used and _lies(part, _used[part])


def use(part: Path) -> bytes | None:
    """The record of a part, which nobody deletes from now on; None when it is not there."""
    try:
        record = (part / RECORD).open(_OPEN)
    except FileNotFoundError:
        return None
    _hold(part, record)
    if not uses(part):  # deleted while the lock was waited for
        stop_using(part)
        return None
    return record.read()


def stop_using(part: Path) -> None:
    """Let others delete it; what is mapped stays readable."""
    if part in _used:
        _used.pop(part).close()


def publish(half: Path, part: Path) -> None:
    """Make a part of the folder that :func:`half_of` gave; from then on this process uses it."""
    record = (half / RECORD).open(_OPEN)
    _hold(part, record)  # before anybody can find it unused
    half.rename(part)


def discard(part: Path) -> None:
    """Delete a part that is of no use; whoever has mapped it reads on."""
    gone = part.with_name(f".{uuid4().hex}{_GONE}")
    with contextlib.suppress(FileNotFoundError):
        part.rename(gone)  # at once, so that nobody meets half of it
        shutil.rmtree(gone, ignore_errors=True)


def clear(folder: Path, keep: Collection[str] = ()) -> None:
    """Delete the parts that no living process uses, and what dead ones left of others."""
    for path in sorted(folder.glob("*")):
        key = path.name.removeprefix(".").removesuffix(_HALF)
        if path.suffix == _GONE:
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix == _HALF:
            with contextlib.suppress(Timeout), lock_of(folder, key).acquire(blocking=False):
                shutil.rmtree(path, ignore_errors=True)
        elif key not in {*keep, _LOCKS}:
            _delete_unused(path)


def leave() -> None:
    """Use no part any more; those that no other process uses are deleted.

    What cannot be deleted costs a warning: all work is done.
    """
    folders = {part.parent for part in _used}
    for part in list(_used):
        stop_using(part)
    try:
        for folder in folders:
            clear(folder)
    except OSError as error:
        _log.warning("frames that nobody uses any more were not deleted: %s", error)


def _hold(part: Path, record: IO[bytes]) -> None:
    stop_using(part)  # one that was deleted by hand
    fcntl.flock(record, fcntl.LOCK_SH)
    _used[part] = record


def _delete_unused(part: Path) -> None:
    try:
        record = (part / RECORD).open(_OPEN)
    except FileNotFoundError:  # nobody can use it
        discard(part)
        return
    with record, contextlib.suppress(BlockingIOError):  # raised where it is in use
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _lies(part, record):
            discard(part)


def _lies(part: Path, record: IO[bytes]) -> bool:
    """Whether this is the record that lies there now."""
    try:
        return os.path.samestat((part / RECORD).stat(), os.fstat(record.fileno()))
    except FileNotFoundError:
        return False


def _free_bytes(folder: Path) -> int:
    there = next(f for f in (folder, *folder.parents) if f.exists())
    return shutil.disk_usage(there).free
