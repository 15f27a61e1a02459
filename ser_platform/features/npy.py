"""Arrays written to ``.npy`` files a stretch of rows at a time, and mapped from them."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 2**20


class NpyWriter:
    """A file of an array whose shape is known before its rows are."""

    def __init__(self, path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> None:
        self._digest = hashlib.sha256()
        self._file = path.open("xb", buffering=_AT_ONCE)
        header = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
            "fortran_order": False,
            "shape": shape,
        }
        np.lib.format.write_array_header_1_0(self, header)

    def write(self, data: bytes | NDArray[np.generic]) -> int:
        """Append rows; they are of the type, and of the shape but for their number."""
        view = memoryview(data if isinstance(data, bytes) else data.data).cast("B")
        self._digest.update(view)
        return self._file.write(view)

    def finish(self) -> str:
        """Put everything on the disk for good; the SHA-256 of the file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._digest.hexdigest()

    def close(self) -> None:
        """Write no more; what :func:`finish` has not put on the disk may be lost."""
        with contextlib.suppress(OSError):  # of a full disk, told by the write before
            self._file.close()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read a little at a time.

    Raises:
        FileNotFoundError: when it is not there.
    """
    digest, buffer = hashlib.sha256(), bytearray(_AT_ONCE)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
    return digest.hexdigest()


def mapped(path: Path) -> NDArray[Any]:
    """The array of a file, read-only, in pages that the system reads and gives up as it likes."""
    # As a plain array: slices of numpy's own class cost several times as much.
    return np.lib.format.open_memmap(path, mode="r").view(np.ndarray)
