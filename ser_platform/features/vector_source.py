"""A file of word vectors as one stream of bytes, unpacked, whatever it is packed in."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from ser_platform.errors import ConfigError

_BLOCK = 1 << 22
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_MEMBERS = (".txt", ".vec", ".bin")


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many of the next; none at the end."""
        ...


class Source:
    """The bytes of an unpacked file in order, hashed as they are read; holds 4 MB of them."""

    def __init__(self, file: Readable, path: Path) -> None:
        self.path = path
        self._file = file
        self._digest = hashlib.sha256()
        self._held = b""
        self._at = 0  # in what is held
        self._before = 0  # bytes that were held and are not any more

    def peek(self, size: int) -> bytes:
        """The next bytes, left where they are; fewer at the end."""
        while len(self._held) - self._at < size and self._fill():
            pass
        return self._held[self._at : self._at + size]

    def take(self, size: int, what: str) -> bytes:
        """The next bytes.

        Raises:
            ConfigError: when the file ends before, inside ``what``.
        """
        found = self.peek(size)
        if len(found) < size:
            raise self.error(f"the file ends inside {what}")
        self._at += size
        return found

    def skip(self, size: int, what: str) -> None:
        """Pass over any number of bytes.

        Raises:
            ConfigError: as :meth:`take`.
        """
        while size:
            step = min(size, _BLOCK)
            self.take(step, what)
            size -= step

    def until(self, end: bytes, longest: int, what: str) -> bytes:
        """The bytes before ``end``, which is passed over too.

        Raises:
            ConfigError: when it does not come within so many bytes.
        """
        at = self._held.find(end, self._at, self._at + longest)
        if at < 0:
            self.peek(longest)
            at = self._held.find(end, self._at, self._at + longest)
        if at < 0:
            raise self.error(f"{what} does not end within {longest} bytes")
        found = self._held[self._at : at]
        self._at = at + len(end)
        return found

    def lines(self) -> Iterator[bytes]:
        """All that is left, by line and without the ends of lines."""
        rest = b""
        while self.peek(1):
            *whole, rest = (rest + self._rest()).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def sha256(self) -> str:
        """Of the whole unpacked file, the part not yet read too."""
        while self.peek(1):
            self._rest()
        return self._digest.hexdigest()

    def error(self, message: str) -> ConfigError:
        """What is wrong, and at which byte of the unpacked file."""
        return ConfigError(f"embedding: {self.path}, byte {self._before + self._at}: {message}")

    def _rest(self) -> bytes:
        found = self._held[self._at :]
        self._at = len(self._held)
        return found

    def _fill(self) -> bool:
        block = self._file.read(_BLOCK)
        self._digest.update(block)
        self._before += self._at
        self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The file, or what is packed in it as gzip or zip: its content tells, not its name.

    Raises:
        ConfigError: when it is missing or damaged, or a zip of several files.
    """
    try:
        with ExitStack() as stack:
            file = stack.enter_context(path.open("rb"))
            magic = file.read(4)
            file.seek(0)
            if magic == _ZIP:
                archive = stack.enter_context(zipfile.ZipFile(file))
                file = stack.enter_context(archive.open(_only_member(archive, path)))
            elif magic.startswith(_GZIP):
                file = stack.enter_context(gzip.open(file))
            yield Source(file, path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"embedding: no word vectors at {path}; correct embedding.path, or use the built-in "
            "ones: {kind: glove50}"
        ) from error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ConfigError(f"embedding: {path} cannot be read to its end: {error}") from error


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
    found = [name for name in names if name.endswith(_MEMBERS)]
    if len(found) != 1:
        raise ConfigError(
            f"embedding: {path} holds {len(found)} files of vectors "
            f"({', '.join(found or names) or 'nothing'}); one is read from a zip, so unpack it "
            "and give one of them"
        )
    return found[0]
