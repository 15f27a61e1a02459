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
_LONGEST_LINE = 1 << 20  # bytes; a word and 300 numbers take some 7 kB
# Vectors written out shrink to a third. A bomb shrinks to a thousandth.
_MOST_SWELLING = 100
_ANY_SIZE = 1 << 24


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
            if len(rest) > _LONGEST_LINE:
                raise self.error(f"a line does not end within {_LONGEST_LINE} bytes")
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


class _Unpacked:
    """What is unpacked while it is read; it may not swell as words and numbers never do."""

    def __init__(self, file: Readable, path: Path) -> None:
        self._file = file
        self._path = path
        self._most = _most_unpacked(path)
        self._given = 0

    def read(self, size: int, /) -> bytes:
        block = self._file.read(size)
        self._given += len(block)
        if self._given > self._most:
            raise _bomb(self._path, self._given)
        return block


def _most_unpacked(path: Path) -> int:
    return _ANY_SIZE + _MOST_SWELLING * path.stat().st_size


def _bomb(path: Path, size: int) -> ConfigError:
    return ConfigError(
        f"embedding: {path} has {path.stat().st_size} bytes and unpacks to {size} or more: no "
        "word vectors shrink like that; get the file again"
    )


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The file, or what is packed in it as gzip or zip: its content tells, not its name.

    Raises:
        ConfigError: when it is missing or damaged, a zip of several files, or a bomb.
    """
    try:
        with ExitStack() as stack:
            file = plain = stack.enter_context(path.open("rb"))
            magic = file.read(4)
            file.seek(0)
            if magic == _ZIP:
                archive = stack.enter_context(zipfile.ZipFile(file))
                member = archive.getinfo(_only_member(archive, path))
                if member.file_size > _most_unpacked(path):
                    raise _bomb(path, member.file_size)
                file = stack.enter_context(archive.open(member))
            elif magic.startswith(_GZIP):
                file = stack.enter_context(gzip.open(file))
            yield Source(file if file is plain else _Unpacked(file, path), path)
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
