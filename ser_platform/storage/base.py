"""What an object store must do. tests/storage/test_contract.py holds each one to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing says of an object."""

    key: str
    size_bytes: int
    modified_s: float
    """When it was written, as Unix time, by the clock of the store."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """An object as it was read, and what tells it from what is stored there later."""

    data: bytes
    version: str
    """Other contents have other versions; equal ones may share one."""


class ObjectStore(Protocol):
    """Whole objects under string keys such as ``features/v1/1f/1f3a.st``.

    Writes are all-or-nothing: a reader sees the old object or the new one, never a part.
    A store travels to other processes by pickling.
    """

    url: str
    """What :func:`ser_platform.storage.open_store` was given; for messages."""

    def read(self, key: str) -> bytes:
        """The object.

        Raises:
            ObjectNotFoundError: when nothing is stored under ``key``.
            StoreError: when the store cannot be reached or refuses.
        """
        ...

    def write(self, key: str, data: bytes) -> None:
        """Store ``data``, replacing what was there.

        Raises:
            StoreError: when the store cannot be reached or refuses.
        """
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Store ``data`` unless the key is taken; whether this call stored it.

        Only an optimisation against double work: some S3 servers let both of two racers win,
        so nothing may rely on it for correctness.
        """
        ...

    def read_version(self, key: str) -> Versioned:
        """The object, for :meth:`replace`.

        Raises:
            ObjectNotFoundError, StoreError: as :meth:`read`.
        """
        ...

    def replace(self, key: str, data: bytes, version: str) -> bool:
        """Store ``data`` if what lies there is still of that version; whether this call stored it.

        Also False when nothing lies there any more. A server that ignores the condition stores in
        any case, and an answer that was lost on the way makes a success look like a refusal:
        whoever relies on it reads back.

        Raises:
            StoreError: when the store cannot be reached or refuses.
        """
        ...

    def exists(self, key: str) -> bool:
        """Whether something is stored under ``key``."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; nothing happens when there is none."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with ``prefix``, in order."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """The same objects as :meth:`keys`, in the same order, with size and time."""
        ...

    def clear_unfinished(self, older_than_s: float, *, delete: bool) -> list[Entry]:
        """What killed processes left half-written, and no reader ever sees; gone if ``delete``.

        Raises:
            StoreError: when the store cannot be reached or refuses.
        """
        ...
