"""Faults on the way that pass: the object is whole, or the failure is clear."""

import hashlib
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config

from ser_platform.errors import CorruptObjectError, StoreError
from ser_platform.storage import ObjectStore, met, open_store, s3
from ser_platform.storage.intact import read_intact, read_or_put_aside
from tests.fault_proxy import FaultProxy

pytestmark = pytest.mark.slow

OBJECT = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def _no_waits_between_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "time", SimpleNamespace(sleep=waited.append))
    monkeypatch.setattr("ser_platform.storage.intact.time", SimpleNamespace(sleep=waited.append))
    waited.clear()
    met.taken()


waited: list[float] = []
"""Seconds, before something was read again."""


@pytest.fixture
def faulty(proxy: FaultProxy, no_waiting: None) -> ObjectStore:
    """A store behind the proxy with one object."""
    store = open_store("s3://bucket/p")
    store.write("k", OBJECT)
    proxy.requests.clear()
    return store


@pytest.mark.parametrize("fault", ["slow-down", "internal", "reset"])
def test_four_failures_in_a_row_are_borne(
    faulty: ObjectStore, proxy: FaultProxy, fault: str
) -> None:
    proxy.script = [fault] * 4
    assert faulty.read("k") == OBJECT
    assert len(proxy.requests) == 5
    assert met.in_words(met.taken()) == "4 requests were repeated"


def test_a_body_that_broke_off_is_read_again(faulty: ObjectStore, proxy: FaultProxy) -> None:
    proxy.script = ["cut", "cut"]
    assert faulty.read("k") == OBJECT
    assert proxy.requests == ["GET"] * 3
    assert 0.1 <= waited[0] <= 0.3  # 0.2 s, and up to half as much less or more
    assert 0.5 <= waited[1] <= 1.5
    assert met.in_words(met.taken()) == "2 objects broke off on the way and were read again"


def test_a_body_that_always_breaks_off_is_a_clear_failure(
    faulty: ObjectStore, proxy: FaultProxy
) -> None:
    proxy.always = "cut"
    with pytest.raises(StoreError, match=r"kept breaking off .*run the same"):
        faulty.read("k")
    assert proxy.requests == ["GET"] * 3


def test_a_write_cut_off_is_repeated(faulty: ObjectStore, proxy: FaultProxy) -> None:
    proxy.script = ["reset"]
    faulty.write("other", OBJECT)
    assert faulty.read("other") == OBJECT


def test_a_server_that_hangs_is_asked_again(
    faulty: ObjectStore, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    config: Any = s3._CONFIG
    assert (config.connect_timeout, config.read_timeout) == (5, 15)
    monkeypatch.setattr(s3, "_CONFIG", config.merge(Config(read_timeout=0.5)))
    proxy.script = ["hang"]
    assert open_store(faulty.url).read("k") == OBJECT
    assert proxy.requests == ["GET", "GET"]


def parse(data: bytes) -> bytes:
    """As every reader of ours does: held to a digest."""
    if hashlib.sha256(data).digest() != hashlib.sha256(OBJECT).digest():
        raise CorruptObjectError("its SHA-256 is not that of its content")
    return data


@pytest.mark.parametrize("fault", ["flip", "flip, with the server's checksum", "short"])
def test_bytes_that_change_on_the_way_are_read_again_whatever_the_server_says_of_them(
    faulty: ObjectStore, proxy: FaultProxy, fault: str
) -> None:
    proxy.keep_checksums = "checksum" in fault
    proxy.script = [fault.partition(",")[0]] * 2
    assert read_intact(faulty, "k", parse) == OBJECT
    assert proxy.requests == ["GET"] * 3
    assert met.in_words(met.taken()) == "2 objects arrived damaged and were read again"


@pytest.mark.parametrize("checksums", [False, True])
def test_what_stays_damaged_is_moved_into_quarantine_with_its_reason_and_said_once(
    faulty: ObjectStore, proxy: FaultProxy, checksums: bool, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.keep_checksums, proxy.always = checksums, "flip"
    assert read_or_put_aside(faulty, "k", parse) is None
    proxy.always = None
    middle = len(OBJECT) // 2
    damaged = OBJECT[:middle] + bytes([OBJECT[middle] ^ 0x55]) + OBJECT[middle + 1 :]
    assert faulty.read("quarantine/k") == damaged
    assert b"its SHA-256 is not that of its content" in faulty.read("quarantine/k.reason.json")
    assert not faulty.exists("k")
    assert read_or_put_aside(faulty, "k", parse) is None
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "'k' in s3://bucket/p is damaged: its SHA-256 is not that of its content; kept as "
        "quarantine/k, and made again where it is needed"
    ]


def test_a_good_object_that_took_the_place_of_a_damaged_one_stays(
    faulty: ObjectStore, proxy: FaultProxy
) -> None:
    proxy.script = ["flip"] * 3  # and the look before it is put aside finds a good one
    assert read_or_put_aside(faulty, "k", parse) == OBJECT
    assert faulty.read("k") == OBJECT
    assert "put aside" not in met.taken()
