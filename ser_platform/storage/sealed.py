"""JSON and zip files that carry their own SHA-256, and stay what they are for other programs."""

import hashlib
import re

from ser_platform.errors import CorruptObjectError

_JSON = re.compile(
    rb'\{"sha256": "([0-9a-f]{64})", "key": "([^"]*)", "content": (.*)\}\n', re.DOTALL
)
ZIP_COMMENT = b"0" * 64
"""Stands for the digest of a zip file while that is taken; the comment is the end of the file."""


def sealed_json(key: str, content: str) -> bytes:
    """One JSON object: the content, the key it is stored under, a digest over both."""
    data = content.encode()
    return b'{"sha256": "%s", "key": "%s", "content": %s}\n' % (
        _digest(key, data).encode(),
        key.encode(),
        data,
    )


def unsealed_json(key: str, data: bytes) -> bytes:
    """The content that :func:`sealed_json` was given.

    Raises:
        CorruptObjectError: when any byte differs, or it was stored under another key.
    """
    found = _JSON.fullmatch(data)
    if found is None:
        raise CorruptObjectError("it has no seal: cut short, or of a version that wrote none")
    digest, stored_as, content = found.groups()
    if digest.decode() != _digest(stored_as.decode(errors="replace"), content):
        raise CorruptObjectError("its SHA-256 is not that of its content")
    if stored_as.decode() != key:
        raise CorruptObjectError(f"it was stored as {stored_as.decode()}")
    return content


def seal_zip(data: bytes) -> bytes:
    """A zip file whose comment is :data:`ZIP_COMMENT`, with its digest for a comment."""
    assert data.endswith(ZIP_COMMENT)
    return data[: -len(ZIP_COMMENT)] + hashlib.sha256(data).hexdigest().encode()


def unsealed_zip(data: bytes) -> bytes:
    """The zip file itself.

    Raises:
        CorruptObjectError: when any byte differs from what was sealed.
    """
    body, digest = data[: -len(ZIP_COMMENT)], data[-len(ZIP_COMMENT) :]
    if hashlib.sha256(body + ZIP_COMMENT).hexdigest().encode() != digest:
        raise CorruptObjectError("its SHA-256 is not that of its content")
    return data


def _digest(key: str, content: bytes) -> str:
    return hashlib.sha256(key.encode() + b"\0" + content).hexdigest()
