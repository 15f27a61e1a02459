"""Faults on the way that pass: the object is whole, or the failure is clear."""

from typing import Any

import pytest
from botocore.config import Config

from ser_platform.errors import StoreError
from ser_platform.storage import ObjectStore, open_store, s3
from tests.fault_proxy import FaultProxy

OBJECT = bytes(range(256)) * 4000


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


def test_a_body_that_broke_off_is_read_again(faulty: ObjectStore, proxy: FaultProxy) -> None:
    proxy.script = ["cut", "cut"]
    assert faulty.read("k") == OBJECT
    assert proxy.requests == ["GET"] * 3


def test_a_body_that_always_breaks_off_is_a_clear_failure(
    faulty: ObjectStore, proxy: FaultProxy
) -> None:
    proxy.always = "cut"
    with pytest.raises(StoreError, match=r"kept (breaking off|arriving damaged).*run the same"):
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
