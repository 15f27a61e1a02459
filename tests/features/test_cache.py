import hashlib
import json
import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import soundfile

from ser_platform.config.inputs import Mfcc39Config, ShortTerm34Config
from ser_platform.errors import CorruptObjectError, FeatureError, StoreError, WorkersError
from ser_platform.features import audio, make_extractor
from ser_platform.features.cache import FrameTable, load_frames
from ser_platform.features.fill import ShardSummary, ShardTask, pack_shard, unpack_shard
from ser_platform.features.plan import Shard
from ser_platform.features.shard import unpack
from ser_platform.storage import ObjectStore, open_store
from ser_platform.storage.local import LocalStore
from tests.features.caching import Fill, as_a_cluster_does, damage, nothing_to_do, shards_in
from tests.features.conftest import Corpus
from tests.features.signals import RATE, noise, silence
from tests.full_disk import files_at_most

CONFIG = ShortTerm34Config()


def assert_same(one: FrameTable, other: FrameTable) -> None:
    assert one.values.tobytes() == other.values.tobytes()
    assert one.offsets.tolist() == other.offsets.tolist()
    assert (one.ids, one.names, one.manifest_key) == (other.ids, other.names, other.manifest_key)


def test_each_utterance_has_the_frames_of_its_recording(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus()
    table = load_frames(store, utterances[::-1], CONFIG)
    assert table.ids == tuple(u.id for u in utterances)
    assert (table.window_s, table.hop_s) == (0.020, 0.010)
    extractor = make_extractor(CONFIG)
    assert table.names == extractor.names
    assert table.values.dtype == np.float32
    for i, u in enumerate(utterances):
        np.testing.assert_array_equal(table.frames(i), extractor(audio.load(u.audio)))


def test_what_is_stored_is_not_computed_again(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    cold = load_frames(store, utterances, CONFIG)
    warm = load_frames(store, utterances, CONFIG, nothing_to_do)
    assert_same(warm, cold)


def test_a_cluster_gives_the_same_bytes(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus(sessions=5)
    here = load_frames(store, utterances, CONFIG)
    elsewhere = open_store(str(tmp_path / "elsewhere"))
    assert_same(load_frames(elsewhere, utterances, CONFIG, as_a_cluster_does), here)
    assert shards_in(elsewhere) == shards_in(store)
    for key in shards_in(store):
        assert elsewhere.read(key) == store.read(key)


def test_extractors_do_not_share_shards(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    short = load_frames(store, utterances, CONFIG)
    mfcc = load_frames(store, utterances, Mfcc39Config())
    assert short.values.shape[1] == 34
    assert mfcc.values.shape[1] == 39
    assert short.manifest_key != mfcc.manifest_key
    assert len(shards_in(store)) == 4


def test_only_the_shard_of_a_changed_recording_is_computed_again(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus(per_session=3, sessions=2)
    load_frames(store, utterances, CONFIG)
    soundfile.write(utterances[4].audio, noise(4_000), RATE)
    seen: list[tuple[int, int, int]] = []
    table = load_frames(store, utterances, CONFIG, progress=lambda *counts: seen.append(counts))
    assert seen == [(3, 6, 3), (6, 6, 3)]
    np.testing.assert_array_equal(table.frames(4), make_extractor(CONFIG)(noise(4_000)))


def test_progress_counts_utterances_as_shards_finish(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus(per_session=2, sessions=3)
    seen: list[tuple[int, int, int]] = []
    load_frames(store, utterances, CONFIG, progress=lambda *counts: seen.append(counts))
    assert seen == [(0, 6, 0), (2, 6, 0), (4, 6, 0), (6, 6, 0)]
    seen.clear()
    load_frames(store, utterances, CONFIG, progress=lambda *counts: seen.append(counts))
    assert seen == [(6, 6, 6)]


def test_the_manifest_says_what_belongs_together(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    table = load_frames(store, utterances, CONFIG)
    data = store.read(f"features/manifests/{table.manifest_key}.json")
    assert hashlib.sha256(data).hexdigest() == table.manifest_key
    manifest = json.loads(data)
    assert manifest["extractor"] == make_extractor(CONFIG).identity()
    assert {shard["key"] for shard in manifest["shards"]} == set(shards_in(store))
    rows = [row for shard in manifest["shards"] for row in shard["recordings"]]
    assert rows == [
        [u.id, hashlib.sha256(Path(u.audio).read_bytes()).hexdigest(), len(table.frames(i))]
        for i, u in enumerate(utterances)
    ]


def test_a_corpus_cut_short_by_a_crash_is_finished_by_the_next_run(
    store: ObjectStore, corpus: Corpus
) -> None:
    def crashing(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        yield function(next(iter(items)))
        raise KeyboardInterrupt

    utterances = corpus(sessions=3)
    with pytest.raises(KeyboardInterrupt):
        load_frames(store, utterances, CONFIG, crashing)
    assert len(shards_in(store)) == 1
    assert list(store.keys("features/manifests/")) == []
    seen: list[tuple[int, int, int]] = []
    load_frames(store, utterances, CONFIG, progress=lambda *counts: seen.append(counts))
    assert seen[0] == (3, 9, 3)


def test_a_full_disk_ends_a_fill_cleanly_and_the_next_goes_on(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus()
    with files_at_most(2_000), pytest.raises(StoreError, match="File too large"):
        load_frames(store, utterances, CONFIG)
    assert [path for path in Path(store.url).rglob("*") if path.is_file()] == []
    assert len(load_frames(store, utterances, CONFIG).ids) == 6


def test_two_who_compute_the_same_shards_at_once_store_them_once_and_agree(
    tmp_path: Path, corpus: Corpus
) -> None:
    both_have_computed = Barrier(2, timeout=60)

    class Meeting(LocalStore):
        def create(self, key: str, data: bytes) -> bool:
            if key.endswith(".st"):
                both_have_computed.wait()
            return super().create(key, data)

    utterances, store = corpus(sessions=2), Meeting(tmp_path / "store")
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: load_frames(store, utterances, CONFIG), range(2))
    assert_same(one, other)
    assert len(shards_in(store)) == 2
    assert len(list(store.keys("features/manifests/"))) == 1


# --- recordings that cannot be used -----------------------------------------------------------


def test_all_bad_recordings_of_a_shard_are_named_and_the_rest_is_kept(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus(per_session=3, sessions=2)
    soundfile.write(utterances[3].audio, silence(10), RATE)
    Path(utterances[5].audio).write_bytes(b"")
    with pytest.raises(FeatureError) as failure:
        load_frames(store, utterances, CONFIG)
    assert str(failure.value) == (
        "2 recordings cannot be used:\n"
        f"  Ses02_F000: {utterances[3].audio}: 10 samples, 0.0006 s; at least 0.05 s is needed\n"
        f"  Ses02_F002: {utterances[5].audio}: the file is empty"
    )
    assert len(shards_in(store)) == 1
    assert list(store.keys("features/manifests/")) == []

    for u in utterances[3], utterances[5]:
        soundfile.write(u.audio, noise(3_000), RATE)
    seen: list[tuple[int, int, int]] = []
    load_frames(store, utterances, CONFIG, progress=lambda *counts: seen.append(counts))
    assert seen == [(3, 6, 3), (6, 6, 3)]


def test_after_a_bad_recording_no_new_shard_is_begun_but_those_begun_are_stored(
    store: ObjectStore, corpus: Corpus
) -> None:
    def two_at_a_time(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        waiting = iter(items)
        running = [next(waiting), next(waiting)]
        while running:
            yield function(running.pop(0))
            running.extend(item for item in [next(waiting, None)] if item is not None)

    utterances = corpus(per_session=1, sessions=5)
    Path(utterances[0].audio).write_bytes(b"")
    with pytest.raises(FeatureError, match="a recording cannot be used:\n  Ses01_F000: "):
        load_frames(store, utterances, CONFIG, two_at_a_time)
    stored = [unpack(store.read(key))[1]["ids"] for key in shards_in(store)]
    assert stored == [["Ses02_F000"]]


def test_a_recording_shorter_than_a_frame_is_named(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus(per_session=1, sessions=1)
    with pytest.raises(FeatureError, match=r"Ses01_F000: .*wav: shorter than one frame"):
        load_frames(store, utterances, ShortTerm34Config(window_s=0.2))


@pytest.mark.parametrize(
    ("happens", "found"),
    [
        (
            lambda path: soundfile.write(path, noise(3_000), RATE),
            "changed while it was read; run again",
        ),
        (Path.unlink, "no such recording; check the corpus folder"),
    ],
    ids=["changes", "vanishes"],
)
def test_a_recording_that_changes_or_vanishes_meanwhile_is_named(
    store: ObjectStore, corpus: Corpus, happens: Callable[[Path], object], found: str
) -> None:
    utterances = corpus(per_session=2, sessions=3)

    def meanwhile(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        for number, item in enumerate(items):
            yield function(item)
            if number == 0:
                happens(Path(utterances[3].audio))

    with pytest.raises(FeatureError) as failure:
        load_frames(store, utterances, CONFIG, meanwhile)
    assert str(failure.value) == (
        f"a recording cannot be used:\n  Ses02_F001: {utterances[3].audio}: {found}"
    )
    assert len(shards_in(store)) == 1


# --- objects that are not what was stored -----------------------------------------------------


def test_a_damaged_shard_is_put_aside_and_computed_again(
    store: ObjectStore, corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    utterances = corpus()
    cold = load_frames(store, utterances, CONFIG)
    key = shards_in(store)[0]
    damaged = damage(store, key)
    seen: list[tuple[int, int, int]] = []
    with caplog.at_level(logging.WARNING):
        again = load_frames(store, utterances, CONFIG, progress=lambda *c: seen.append(c))
    assert_same(again, cold)
    assert seen == [(3, 6, 3), (6, 6, 3)]
    aside = f"quarantine/{key}"
    assert store.read(aside) == damaged
    assert caplog.messages == [
        f"'{key}' in {store.url} is damaged: its SHA-256 is not that of its content; "
        f"kept as {aside}, and computed again"
    ]
    load_frames(store, utterances, CONFIG, nothing_to_do)


def test_half_an_object_is_computed_again(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    cold = load_frames(store, utterances, CONFIG)
    for key in shards_in(store):
        store.write(key, store.read(key)[:500])
    assert_same(load_frames(store, utterances, CONFIG), cold)


def test_a_good_shard_under_the_key_of_another_is_not_used(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus()
    cold = load_frames(store, utterances, CONFIG)
    one, other = shards_in(store)
    store.write(one, store.read(other))
    assert_same(load_frames(store, utterances, CONFIG), cold)


class FlippingStore(LocalStore):
    """The first ``flips`` reads of a shard arrive with one bit changed."""

    def __init__(self, root: Path, flips: int) -> None:
        super().__init__(root)
        self.flips = flips

    def read(self, key: str) -> bytes:
        data = super().read(key)
        if key.endswith(".st") and self.flips:
            self.flips -= 1
            data = data[:-1] + bytes([data[-1] ^ 1])
        return data


def test_damage_on_the_way_is_read_again_and_nothing_is_put_aside(
    tmp_path: Path, corpus: Corpus
) -> None:
    utterances = corpus(sessions=1)
    cold = load_frames(LocalStore(tmp_path / "store"), utterances, CONFIG)
    store = FlippingStore(tmp_path / "store", flips=2)
    assert_same(load_frames(store, utterances, CONFIG, nothing_to_do), cold)
    assert list(store.keys("quarantine/")) == []


def test_a_store_that_damages_everything_is_not_trusted(tmp_path: Path, corpus: Corpus) -> None:
    store = FlippingStore(tmp_path / "store", flips=1_000)
    with pytest.raises(CorruptObjectError) as failure:
        load_frames(store, corpus(sessions=1), CONFIG)
    (key,) = shards_in(store)
    assert str(failure.value) == (
        f"'{key}' in {store.url} is damaged: its SHA-256 is not that of its content, though it "
        "was just written; check the disk, or the way to the store"
    )


class RacingStore(LocalStore):
    """Somebody else always stores the same shard first, with slightly other numbers."""

    shard: Shard

    def create(self, key: str, data: bytes) -> bool:
        if key.endswith(".st"):
            self.write(key, self.of_somebody_else(data))
        return super().create(key, data)

    def of_somebody_else(self, data: bytes) -> bytes:
        arrays = unpack_shard(data, self.shard)
        frames = np.split(arrays["values"] + np.float32(1e-6), arrays["offsets"][1:-1])
        return pack_shard(self.shard, frames)


def test_of_two_who_compute_a_shard_both_use_the_copy_that_stayed(
    tmp_path: Path, corpus: Corpus
) -> None:
    utterances = corpus(sessions=1)
    alone = load_frames(LocalStore(tmp_path / "alone"), utterances, CONFIG)
    store = RacingStore(tmp_path / "race")

    def noting_the_shard(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        for item in items:
            store.shard = item.shard
            yield function(item)

    raced = load_frames(store, utterances, CONFIG, noting_the_shard)
    np.testing.assert_array_equal(raced.values, alone.values + np.float32(1e-6))
    assert raced.manifest_key == alone.manifest_key


def test_a_worker_with_another_version_stores_nothing(
    store: ObjectStore, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_another_machine(function: Fill, items: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        with monkeypatch.context() as there:
            there.setattr(audio, "identity", lambda: {"resampler": "soxr HQ 9.9"})
            yield from map(function, list(items))

    with pytest.raises(WorkersError) as failure:
        load_frames(store, corpus(), CONFIG, on_another_machine)
    said = str(failure.value)
    assert said.startswith(f"{platform.node()} would compute something else than the driver asks")
    assert "resampler soxr HQ 9.9" in said
    assert shards_in(store) == []


def test_a_store_that_cannot_be_written_is_told_as_such(tmp_path: Path, corpus: Corpus) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(StoreError, match="a file lies where a folder is needed"):
        load_frames(open_store(str(tmp_path / "store")), corpus(), CONFIG)
