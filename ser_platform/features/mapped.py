"""Parts of a corpus as files of this machine, shared by all of its processes.

A part is laid once: shard by shard from the object store, by whichever process needs it first. Its
pages are in memory as long as there is room, whoever reads them, and count for no process.
"""

import json
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ser_platform.errors import CorruptObjectError
from ser_platform.features.laying import FRAMES, MOMENTS, lay
from ser_platform.features.npy import mapped, sha256_of
from ser_platform.features.parts import Part, StoredPart
from ser_platform.features.scratch import (
    RECORD,
    discard,
    lock_of,
    refuse_small_disk,
    scratch_error,
    scratch_folder,
    stop_using,
    use,
    uses,
)
from ser_platform.storage.sealed import unsealed_json

_log = logging.getLogger(__name__)


def mapped_parts(parts: Sequence[StoredPart], base: str) -> list[Part]:
    """Parts as arrays that lie in files of this machine, which are made where they are not there.

    Blocks while another process makes them. What a file holds is checked against its digest when
    a process first uses it. It is not deleted before that process ends, or calls
    :func:`ser_platform.features.scratch.leave`.

    Args:
        parts: to be mapped; those that have to be made are made in one pass over their shards.
        base: folder below which they lie; empty: the temporary folder of this machine.

    Raises:
        ScratchError: when the disk cannot take them.
        CorruptObjectError: when a shard is damaged or gone by now.
        StoreError: when the store cannot be reached or refuses.
    """
    folder = scratch_folder(base)
    try:
        if absent := [part for part in parts if not _is_whole(folder / part.key)]:
            _lay_once(absent, folder)
    # Those of the store are StoreErrors by now; filelock's is of a disk without locks.
    except (OSError, NotImplementedError) as error:
        raise scratch_error(folder, error) from error
    return [_mapped(folder / part.key) for part in parts]


def absent_parts(parts: Sequence[StoredPart], folder: Path) -> list[StoredPart]:
    """Those of which there are no files in a folder as ``scratch_folder`` gives it."""
    return [part for part in parts if not (folder / part.key / RECORD).exists()]


def _mapped(folder: Path) -> Part:
    return Part(mapped(folder / FRAMES), mapped(folder / MOMENTS))


def _is_whole(folder: Path) -> bool:
    """Whether a part is here and what was laid; if so, this process uses it from now on."""
    if uses(folder):
        return True
    record = use(folder)
    if record is None:
        return False
    try:
        _verify(folder, record)
    except CorruptObjectError as error:
        _log.warning("%s is damaged: %s", folder, error)
        stop_using(folder)
        return False
    return True


def _verify(folder: Path, record: bytes) -> None:
    digests = json.loads(unsealed_json(folder.name, record))
    for name, digest in digests.items():
        try:
            found = sha256_of(folder / name)
        except FileNotFoundError:
            found = ""
        if found != digest:
            raise CorruptObjectError(f"the SHA-256 of {name} is not that in {RECORD}")


def _lay_once(parts: Sequence[StoredPart], folder: Path) -> None:
    """Make the parts that are not there once everybody else who makes any of them is done."""
    with ExitStack() as stack:
        # In one order, so that no two processes wait for each other.
        for key in sorted({part.key for part in parts}):
            stack.enter_context(lock_of(folder, key))
        missing = {p.key: p for p in parts if not _is_whole(folder / p.key)}
        for key in missing:
            discard(folder / key)  # one that is damaged
        needed_bytes = sum(part.size_bytes for part in missing.values())
        refuse_small_disk(folder, needed_bytes, {part.key for part in parts})
        if missing:
            _log.info("laying %.3g GB of frames into %s", needed_bytes / 1e9, folder)
            lay(list(missing.values()), folder)
