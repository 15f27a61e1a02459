"""What every object store must do. A new store only adds itself to the fixture ``store``."""

import multiprocessing
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ser_platform.errors import ObjectNotFoundError
from ser_platform.storage import ObjectStore

OBJECT = bytes(range(256)) * 40


def test_what_is_written_is_read_back(store: ObjectStore) -> None:
    store.write("features/v1/1f/1f3a.st", OBJECT)
    assert store.read("features/v1/1f/1f3a.st") == OBJECT


def test_an_object_may_be_empty(store: ObjectStore) -> None:
    store.write("empty", b"")
    assert store.read("empty") == b""
    assert store.exists("empty")


def test_an_object_larger_than_one_part_of_a_server_is_read_back(store: ObjectStore) -> None:
    large = OBJECT * 500  # 5 MB; SeaweedFS stores parts of 4 MB
    store.write("large", large)
    assert store.read("large") == large


def test_writing_again_replaces(store: ObjectStore) -> None:
    store.write("k", b"old and long")
    store.write("k", b"new")
    assert store.read("k") == b"new"


def test_a_missing_object_is_named(store: ObjectStore) -> None:
    with pytest.raises(ObjectNotFoundError) as failure:
        store.read("runs/absent")
    assert str(failure.value) == f"no object 'runs/absent' in {store.url}"
    assert str(pickle.loads(pickle.dumps(failure.value))) == str(failure.value)


def test_only_stored_keys_exist(store: ObjectStore) -> None:
    store.write("a/bc", b"")
    assert store.exists("a/bc")
    assert not store.exists("a/b")
    assert not store.exists("a")
    assert not store.exists("other")


def test_create_stores_only_where_nothing_is(store: ObjectStore) -> None:
    assert store.create("a/k", b"first")
    assert not store.create("a/k", b"second")
    assert store.read("a/k") == b"first"


def test_of_many_who_create_at_once_exactly_one_wins(store: ObjectStore) -> None:
    if store.url == "s3://bucket/a/prefix":
        pytest.skip("moto looks and writes without a lock, so two may win there")
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda i: store.create("k", bytes([i])), range(16)))
    assert sum(won) == 1
    assert store.read("k") == bytes([won.index(True)])


def test_replace_stores_only_what_follows_the_version_that_was_read(store: ObjectStore) -> None:
    store.write("a/k", b"1")
    one = store.read_version("a/k")
    assert one.data == b"1"
    assert store.replace("a/k", b"2", one.version)
    assert not store.replace("a/k", b"3", one.version)
    two = store.read_version("a/k")
    assert (two.data, two.version != one.version) == (b"2", True)
    store.delete("a/k")
    assert not store.replace("a/k", b"3", two.version)
    assert not store.exists("a/k")
    assert not store.replace("never/there", b"3", two.version)
    with pytest.raises(ObjectNotFoundError):
        store.read_version("a/k")


def test_of_many_who_replace_the_same_version_exactly_one_wins(store: ObjectStore) -> None:
    if store.url == "s3://bucket/a/prefix":
        pytest.skip("moto looks and writes without a lock, so two may win there")
    store.write("k", b"old")
    version = store.read_version("k").version
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda i: store.replace("k", bytes([i]), version), range(16)))
    assert sum(won) == 1
    assert store.read("k") == bytes([won.index(True)])
    assert list(store.keys()) == ["k"]


def test_what_readers_see_is_never_unfinished(store: ObjectStore) -> None:
    store.write("a/k", b"v")
    assert store.clear_unfinished(older_than_s=0.0, delete=True) == []
    assert store.read("a/k") == b"v"


def test_delete_removes_and_does_not_mind_absence(store: ObjectStore) -> None:
    store.write("a/k", b"")
    store.delete("a/k")
    store.delete("a/k")
    assert not store.exists("a/k")


def test_keys_are_those_with_the_prefix_in_order(store: ObjectStore) -> None:
    for key in ("b/2", "a/1", "b/1", "b-1", "b/10/x"):
        store.write(key, b"")
    assert list(store.keys("b/")) == ["b/1", "b/10/x", "b/2"]
    assert list(store.keys("b")) == ["b-1", "b/1", "b/10/x", "b/2"]
    assert list(store.keys("b/1")) == ["b/1", "b/10/x"]
    assert list(store.keys()) == ["a/1", "b-1", "b/1", "b/10/x", "b/2"]
    assert list(store.keys("none/")) == []


def test_entries_tell_size_and_time(store: ObjectStore) -> None:
    store.write("b/2", b"two")
    store.write("b/1", b"")
    store.write("a", b"other")
    entries = list(store.entries("b/"))
    assert [(entry.key, entry.size_bytes) for entry in entries] == [("b/1", 0), ("b/2", 3)]
    assert all(abs(entry.modified_s - time.time()) < 60 for entry in entries)


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../out", "a/../../out", "a//b", "a/", ".a"])
def test_a_key_that_could_leave_the_store_is_refused(store: ObjectStore, key: str) -> None:
    for use in (store.read, store.exists, store.delete, lambda k: store.write(k, b"")):
        with pytest.raises(ValueError, match="not a key"):
            use(key)


def test_a_store_used_before_still_travels_by_pickling(store: ObjectStore) -> None:
    store.write("k", b"v")
    copy = pickle.loads(pickle.dumps(store))
    assert copy.read("k") == b"v"
    assert copy.url == store.url


@pytest.mark.slow
def test_a_store_works_in_another_process(store: ObjectStore) -> None:
    if store.url == "s3://bucket/a/prefix":
        pytest.skip("moto answers only inside this process")
    store.write("k", b"from here")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(store.read, ("k",)) == b"from here"
