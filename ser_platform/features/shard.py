"""Arrays and what they are, in one checked object: safetensors' layout, the same bytes each time.

The safetensors package reads these objects. Its own writer is not used: it orders metadata
differently from process to process, and neither it nor its reader notices a flipped bit.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.signature import canonical_json
from ser_platform.errors import CorruptObjectError

Arrays = dict[str, NDArray[Any]]

_TYPES = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
_NAMES = {dtype: name for name, dtype in _TYPES.items()}
_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 64
_METADATA = "__metadata__"  # safetensors' own name; it holds strings only
_BLANK = "0" * 64  # stands for the digest while it is taken


def pack(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, object]) -> bytes:
    """One object of float32 and int64 arrays and JSON-serialisable ``meta``.

    Raises:
        ValueError: for an array of another type.
    """
    header: dict[str, object] = {}
    body: list[bytes] = []
    end = 0
    # Wider types first, so that every array starts at a multiple of its item size.
    for name, array in sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])):
        if array.dtype not in _NAMES:
            raise ValueError(f"'{name}' is {array.dtype}; float32 or int64 is expected")
        body.append(array.tobytes())
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": array.shape,
            "data_offsets": [start, end],
        }
    header[_METADATA] = {"meta": canonical_json(meta), "sha256": _BLANK}
    text = canonical_json(header).encode()
    text += b" " * (-(_LENGTH.size + len(text)) % _ALIGNMENT)
    head = _LENGTH.pack(len(text)) + text
    digest = hashlib.sha256(b"".join([head, *body])).hexdigest()
    return b"".join([head.replace(_BLANK.encode(), digest.encode(), 1), *body])


def unpack(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """The arrays, as read-only views of ``data``, and the meta that :func:`pack` was given.

    Raises:
        CorruptObjectError: when any byte differs from what was packed, or is missing.
    """
    view = memoryview(data)
    try:
        start = _LENGTH.size + _LENGTH.unpack_from(view)[0]
        head, body = bytes(view[:start]), view[start:]
        header = json.loads(head[_LENGTH.size :])
        metadata = header.pop(_METADATA)
        _verify(head, body, metadata["sha256"])
        arrays = {name: _array(entry, body) for name, entry in header.items()}
        return arrays, json.loads(metadata["meta"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, struct.error) as e:
        raise CorruptObjectError(f"its header cannot be read ({type(e).__name__})") from e


def _verify(head: bytes, body: memoryview, stored: str) -> None:
    digest = hashlib.sha256(head.replace(stored.encode(), _BLANK.encode(), 1))
    digest.update(body)
    if digest.hexdigest() != stored:
        raise CorruptObjectError("its SHA-256 is not that of its content")


def _array(entry: Mapping[str, Any], body: memoryview) -> NDArray[Any]:
    start, end = entry["data_offsets"]
    array = np.frombuffer(body[start:end], _TYPES[entry["dtype"]]).reshape(entry["shape"])
    if array.nbytes != end - start or list(array.shape) != entry["shape"]:
        raise ValueError("shape and offsets of an array contradict each other")
    return array
