"""A zip from a store is looked at before it is unpacked (S2)."""

import io
import time
import tracemalloc
import zipfile

import pytest

from ser_platform.errors import CorruptObjectError
from ser_platform.storage.zips import MOST_BYTES, zipped_files


def zipped(name: str, data: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def test_files_come_back() -> None:
    assert zipped_files(zipped("a.png", b"picture")) == {"a.png": b"picture"}


def test_a_bomb_is_refused_by_its_header() -> None:
    """84 MB in 82 kB."""
    bomb = zipped("a.png", bytes(80 << 20), zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    tracemalloc.start()
    before = time.process_time()
    with pytest.raises(CorruptObjectError) as caught:
        zipped_files(bomb)
    assert time.process_time() - before < 0.5
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert str(caught.value) == (
        f"it unpacks to {80 << 20} bytes; at most {MOST_BYTES} are expected"
    )


def test_a_header_that_lies_gives_no_more_than_it_says() -> None:
    bomb = bytearray(zipped("a.png", bytes(1 << 20), zipfile.ZIP_DEFLATED))
    size = (1 << 20).to_bytes(4, "little")
    for _ in range(2):  # beside the file, and in the list at the end
        bomb[bomb.index(size) : bomb.index(size) + 4] = (100).to_bytes(4, "little")
    with pytest.raises(CorruptObjectError, match=r"it is no zip that can be read \(Bad CRC-32"):
        zipped_files(bytes(bomb))


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil", "a/b.png", "..\\evil"])
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(CorruptObjectError, match="which is a path"):
        zipped_files(zipped(name, b"x"))


def test_a_damaged_one_is_told() -> None:
    whole = zipped("a.png", b"picture" * 100)
    flipped = bytearray(whole)
    flipped[100] ^= 1
    for data in (b"", b"no zip", whole[:-30], bytes(flipped)):
        with pytest.raises(CorruptObjectError, match="it is no zip that can be read"):
            zipped_files(data)
