"""What a folder does when the disk or the rights give out."""

import errno
import os
import stat
from pathlib import Path

import pytest

from ser_platform.errors import ObjectNotFoundError, StoreError
from ser_platform.storage import open_store
from tests.full_disk import files_at_most


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("how", ["write", "create"])
def test_a_write_that_fails_half_way_leaves_the_old_object_and_no_rest(
    tmp_path: Path, how: str
) -> None:
    store = open_store(str(tmp_path))
    store.write("a/k", b"old")
    with files_at_most(10_000), pytest.raises(StoreError) as failure:
        getattr(store, how)("a/k", bytes(100_000))
    assert str(failure.value) == (
        f"cannot write 'a/k' in {tmp_path}: File too large; "
        "the file would be larger than this system allows (see ulimit -f)"
    )
    assert store.read("a/k") == b"old"
    assert names_in(tmp_path / "a") == ["k"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match="a file lies where a folder is needed"):
        open_store(str(tmp_path / "store")).write("a/k", b"")


def test_a_folder_is_no_object(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("a/k", b"")
    with pytest.raises(ObjectNotFoundError):
        store.read("a")
    with pytest.raises(ObjectNotFoundError):
        store.read("a/k/deeper")


def test_an_unfinished_file_of_a_killed_process_is_no_object_and_goes_once_it_is_old(
    tmp_path: Path,
) -> None:
    store, part = open_store(str(tmp_path)), tmp_path / "a" / ".0f3a.part"
    store.write("a/k", b"v")
    part.write_bytes(b"half")
    assert list(store.keys()) == ["a/k"]
    assert store.clear_unfinished(older_than_s=60, delete=True) == []
    os.utime(part, (0, 0))
    (found,) = store.clear_unfinished(older_than_s=60, delete=False)
    assert (found.key, found.size_bytes, part.exists()) == ("a/.0f3a.part", 4, True)
    store.clear_unfinished(older_than_s=60, delete=True)
    assert names_in(tmp_path / "a") == ["k"]


def test_objects_are_as_readable_as_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_store(str(tmp_path)).write("k", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o644


def test_create_works_on_a_disk_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_hard_links(source: object, target: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")  # as exFAT answers

    monkeypatch.setattr(os, "link", no_hard_links)
    store = open_store(str(tmp_path))
    assert store.create("k", b"first")
    assert not store.create("k", b"second")
    assert store.read("k") == b"first"
    assert names_in(tmp_path) == ["k"]
