"""The cache of a bucket through copies on this machine."""

import logging
from pathlib import Path

import pytest

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.cache import load_frames
from ser_platform.storage import ObjectStore
from ser_platform.storage.cached import CachedStore
from ser_platform.storage.intact import quarantined
from tests.features.caching import damage, nothing_to_do, shards_in
from tests.features.conftest import Corpus
from tests.features.test_cache import FlippingStore, assert_same

CONFIG = ShortTerm34Config()


def with_copies(store: ObjectStore, tmp_path: Path) -> CachedStore:
    return CachedStore(store, tmp_path / "cache", most_bytes=10**9)


def test_a_warm_start_reads_copies_only(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus()
    cached = with_copies(store, tmp_path)
    cold = load_frames(cached, utterances, CONFIG)
    for key in shards_in(store):
        damage(store, key)  # not seen: nothing is read from there
    assert_same(load_frames(cached, utterances, CONFIG, nothing_to_do), cold)


def test_a_damaged_copy_is_fetched_again_and_nothing_is_computed(
    store: ObjectStore, corpus: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    utterances = corpus()
    cached = with_copies(store, tmp_path)
    cold = load_frames(cached, utterances, CONFIG)
    copies = sorted((tmp_path / "cache" / "copies").rglob("*.st"))
    copies[0].write_bytes(copies[0].read_bytes()[:-1])
    copies[1].write_bytes(copies[0].read_bytes())
    with caplog.at_level(logging.WARNING):
        assert_same(load_frames(cached, utterances, CONFIG, nothing_to_do), cold)
    assert len(caplog.messages) == 2
    assert all("deleted, and fetched again" in message for message in caplog.messages)
    assert list(store.keys("quarantine/")) == []


def test_damage_on_the_way_is_not_kept(corpus: Corpus, tmp_path: Path) -> None:
    utterances = corpus(sessions=1)
    remote = FlippingStore(tmp_path / "store", flips=0)
    cold = load_frames(remote, utterances, CONFIG)
    remote.flips = 2
    cached = with_copies(remote, tmp_path)
    assert_same(load_frames(cached, utterances, CONFIG, nothing_to_do), cold)
    assert_same(load_frames(cached, utterances, CONFIG, nothing_to_do), cold)
    assert list(remote.keys("quarantine/")) == []


def test_a_damaged_object_of_the_store_is_put_aside_and_computed_again(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus()
    cold = load_frames(store, utterances, CONFIG)
    damaged = damage(store, shards_in(store)[0])
    cached = with_copies(store, tmp_path)
    assert_same(load_frames(cached, utterances, CONFIG), cold)
    (aside,) = quarantined(store)
    assert store.read(aside) == damaged
    assert_same(load_frames(cached, utterances, CONFIG, nothing_to_do), cold)
