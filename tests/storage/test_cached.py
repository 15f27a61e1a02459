"""Copies of remote objects on this machine: whole, checked, few enough, fetched once."""

import hashlib
import logging
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ser_platform
from ser_platform.config.cache import CacheConfig
from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.storage import open_store
from ser_platform.storage.cached import CachedStore, read_parsed
from ser_platform.storage.local import LocalStore

pytestmark = pytest.mark.slow

KEY = "features/v1/ab/abc.st"


def seal(content: bytes) -> bytes:
    return hashlib.sha256(content).digest() + content


def unseal(data: bytes) -> bytes:
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise CorruptObjectError("its seal is broken")
    return data[32:]


class Remote(LocalStore):
    """A store far away: each read leaves a file in a folder beside it, across processes."""

    def read(self, key: str) -> bytes:
        data = super().read(key)
        time.sleep(0.2)
        note = Path(f"{self.url}-reads") / f"{time.monotonic_ns()}-{os.getpid()}"
        note.parent.mkdir(exist_ok=True)
        note.touch()
        return data

    @property
    def reads(self) -> int:
        return len(list(Path(f"{self.url}-reads").glob("*")))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    store = Remote(tmp_path / "remote")
    store.write(KEY, seal(b"x" * 1_000))
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def store(remote: Remote, folder: Path) -> CachedStore:
    return CachedStore(remote, folder, most_bytes=10_000)


def copies(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "copies").rglob("*") if p.is_file())


def test_an_object_is_fetched_once(store: CachedStore, remote: Remote, folder: Path) -> None:
    for _ in range(3):
        assert read_parsed(store, KEY, unseal) == b"x" * 1_000
    assert remote.reads == 1
    assert (folder / "copies" / KEY).read_bytes() == remote.read(KEY)


def test_a_store_without_copies_is_read_each_time(remote: Remote) -> None:
    for _ in range(2):
        assert read_parsed(remote, KEY, unseal) == b"x" * 1_000
    assert remote.reads == 2


def test_a_plain_read_is_never_answered_by_a_copy(store: CachedStore, remote: Remote) -> None:
    read_parsed(store, KEY, unseal)
    remote.write(KEY, b"new")
    assert store.read(KEY) == b"new"


def test_what_is_missing_is_missing(store: CachedStore, folder: Path) -> None:
    with pytest.raises(ObjectNotFoundError):
        read_parsed(store, "features/v1/none", unseal)
    assert copies(folder) == []


def test_a_damaged_object_of_the_store_is_not_kept(
    store: CachedStore, remote: Remote, folder: Path
) -> None:
    remote.write(KEY, b"nonsense")
    with pytest.raises(CorruptObjectError):
        read_parsed(store, KEY, unseal)
    assert copies(folder) == []


@pytest.mark.parametrize(
    "cut", [lambda data: data[:-1], lambda data: b"", lambda data: data + b"x"]
)
def test_a_damaged_copy_is_deleted_fetched_again_and_told(
    store: CachedStore, remote: Remote, folder: Path, caplog: pytest.LogCaptureFixture, cut
) -> None:
    read_parsed(store, KEY, unseal)
    copy = folder / "copies" / KEY
    copy.write_bytes(cut(copy.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert read_parsed(store, KEY, unseal) == b"x" * 1_000
    assert caplog.messages == [
        f"the copy {copy} is damaged: its seal is broken; deleted, and fetched again"
    ]
    assert remote.reads == 2
    assert copy.read_bytes() == remote.read(KEY)


def test_the_least_recently_used_copies_give_way(
    store: CachedStore, remote: Remote, folder: Path
) -> None:
    keys = [f"features/v1/{i}.st" for i in range(10)]
    for i, key in enumerate(keys):
        remote.write(key, seal(bytes([i]) * 1_000))
        read_parsed(store, key, unseal)
        path = folder / "copies" / key
        if path.exists():
            os.utime(path, (i, i))
    assert copies(folder) == [f"{i}.st" for i in range(1, 10)]  # 9 of 1,032 bytes fit
    read_parsed(store, keys[1], unseal)  # used now, so the next one goes
    read_parsed(store, KEY, unseal)
    assert copies(folder) == sorted([f"{i}.st" for i in (1, 3, 4, 5, 6, 7, 8, 9)] + ["abc.st"])


def test_an_object_larger_than_all_room_is_used_and_not_kept(
    store: CachedStore, remote: Remote, folder: Path
) -> None:
    read_parsed(store, KEY, unseal)
    remote.write("large", seal(b"x" * 20_000))
    assert len(read_parsed(store, "large", unseal)) == 20_000
    assert copies(folder) == ["abc.st"]


def test_a_replaced_or_deleted_object_leaves_no_copy(store: CachedStore, folder: Path) -> None:
    read_parsed(store, KEY, unseal)
    store.write(KEY, seal(b"new"))
    assert copies(folder) == []
    assert read_parsed(store, KEY, unseal) == b"new"
    store.delete(KEY)
    assert copies(folder) == []


def test_threads_that_want_the_same_fetch_it_once(store: CachedStore, remote: Remote) -> None:
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda _: read_parsed(store, KEY, unseal), range(16)))
    assert set(read) == {b"x" * 1_000}
    assert remote.reads == 1


@pytest.mark.slow
def test_processes_that_want_the_same_fetch_it_once(store: CachedStore, remote: Remote) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        read = processes.starmap(read_parsed, [(store, KEY, unseal)] * 6)
    assert set(read) == {b"x" * 1_000}
    assert remote.reads == 1


def test_it_travels_to_another_machine(store: CachedStore, remote: Remote) -> None:
    read_parsed(store, KEY, unseal)
    travelled = pickle.loads(pickle.dumps(store))
    assert travelled.url == remote.url
    assert read_parsed(travelled, KEY, unseal) == b"x" * 1_000
    assert remote.reads == 1


def test_a_folder_that_takes_no_copies_costs_one_warning(
    remote: Remote, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file")
    store = CachedStore(remote, folder, most_bytes=10_000)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert read_parsed(store, KEY, unseal) == b"x" * 1_000
    (message,) = caplog.messages
    assert message.startswith(f"no copies of {remote.url} are kept in {folder}/copies: ")
    assert message.endswith("free or correct cache.folder, or set cache.max_gb to 0")


def test_only_a_bucket_has_copies(tmp_path: Path) -> None:
    cache = CacheConfig(folder=str(tmp_path / "cache"))
    assert isinstance(open_store(str(tmp_path), cache), LocalStore)
    assert isinstance(open_store("s3://bucket/x", cache), CachedStore)
    assert open_store("s3://bucket/x", cache).url == "s3://bucket/x"
    off = CacheConfig(max_gb=0.0)
    assert not isinstance(open_store("s3://bucket/x", off), CachedStore)
    assert not isinstance(open_store("s3://bucket/x"), CachedStore)


FETCH = """
import os, sys, time
from pathlib import Path
from ser_platform.storage.cached import CachedStore, read_parsed
from ser_platform.storage.local import LocalStore

def stuck(file):
    print("writing", flush=True)
    time.sleep(60)

os.fsync = stuck
store = CachedStore(LocalStore(Path(sys.argv[1])), Path(sys.argv[2]), 10_000)
read_parsed(store, sys.argv[3], lambda data: data)
"""


@pytest.mark.faults
def test_a_process_killed_while_it_fetches_leaves_nothing_to_be_seen_or_waited_for(
    store: CachedStore, remote: Remote, folder: Path
) -> None:
    command = [sys.executable, "-c", FETCH, remote.url, str(folder), KEY]
    root = Path(ser_platform.__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    (part,) = copies(folder)
    assert part.endswith(".part")
    assert read_parsed(store, KEY, unseal) == b"x" * 1_000
    assert copies(folder) == sorted([part, "abc.st"])

    (left,) = (folder / "copies").rglob("*.part")
    os.utime(left, (0, 0))  # an hour later
    remote.write("features/v1/other.st", seal(b"x"))
    read_parsed(store, "features/v1/other.st", unseal)
    assert copies(folder) == ["abc.st", "other.st"]
