"""What ``test_cache.py`` shows of frames, as far as one row per utterance differs."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_platform.config.inputs import EgemapsConfig, Prosody35Config, ShortTerm34Config
from ser_platform.errors import FeatureError
from ser_platform.features import audio, make_extractor
from ser_platform.features.cache import FunctionalsTable, load_frames, load_functionals
from ser_platform.storage import ObjectStore, open_store
from tests.features.caching import as_a_cluster_does, damage, nothing_to_do, shards_in
from tests.features.conftest import Corpus
from tests.features.signals import RATE, noise

CONFIG = Prosody35Config()


def assert_same(one: FunctionalsTable, other: FunctionalsTable) -> None:
    assert one.values.tobytes() == other.values.tobytes()
    assert (one.ids, one.names, one.manifest_key) == (other.ids, other.names, other.manifest_key)


def test_each_utterance_has_the_row_of_its_recording(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    table = load_functionals(store, utterances[::-1], CONFIG)
    assert table.ids == tuple(u.id for u in utterances)
    extractor = make_extractor(CONFIG)
    assert table.names == extractor.names
    assert table.values.shape == (6, 35)
    assert table.values.dtype == np.float32
    rows = [extractor(audio.load(u.audio)) for u in utterances]
    np.testing.assert_array_equal(table.values, np.concatenate(rows))


def test_what_is_stored_is_not_computed_again(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus()
    seen: list[tuple[int, int, int]] = []
    cold = load_functionals(store, utterances, CONFIG, progress=lambda *c: seen.append(c))
    warm = load_functionals(store, utterances, CONFIG, nothing_to_do)
    assert_same(warm, cold)
    assert seen == [(0, 6, 0), (3, 6, 0), (6, 6, 0)]


def test_a_cluster_gives_the_same_bytes(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus()
    here = load_functionals(store, utterances, CONFIG)
    elsewhere = open_store(str(tmp_path / "elsewhere"))
    assert_same(load_functionals(elsewhere, utterances, CONFIG, as_a_cluster_does), here)


def test_a_damaged_shard_is_put_aside_and_computed_again(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus()
    cold = load_functionals(store, utterances, CONFIG)
    key = shards_in(store)[0]
    damaged = damage(store, key)
    assert_same(load_functionals(store, utterances, CONFIG), cold)
    assert store.read(f"quarantine/{key}") == damaged
    load_functionals(store, utterances, CONFIG, nothing_to_do)


def test_frames_and_functionals_of_a_corpus_lie_side_by_side(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus()
    frames = load_frames(store, utterances, ShortTerm34Config())
    prosody = load_functionals(store, utterances, CONFIG)
    egemaps = load_functionals(store, utterances, EgemapsConfig())
    assert frames.ids == prosody.ids == egemaps.ids
    assert egemaps.values.shape == (6, 88)
    assert len({frames.manifest_key, prosody.manifest_key, egemaps.manifest_key}) == 3
    assert len(shards_in(store)) == 3 * 2


def test_the_manifest_names_the_extractor_and_one_row_each(
    store: ObjectStore, corpus: Corpus
) -> None:
    table = load_functionals(store, corpus(), CONFIG)
    manifest = json.loads(store.read(f"features/manifests/{table.manifest_key}.json"))
    assert manifest["extractor"] == make_extractor(CONFIG).identity()
    assert {row[2] for shard in manifest["shards"] for row in shard["recordings"]} == {1}


def test_a_recording_too_short_for_a_pitch_is_named(store: ObjectStore, corpus: Corpus) -> None:
    utterances = corpus(per_session=2, sessions=1)
    soundfile.write(utterances[1].audio, noise(800), RATE)
    with pytest.raises(FeatureError) as failure:
        load_functionals(store, utterances, CONFIG)
    assert str(failure.value) == (
        f"a recording cannot be used:\n  Ses01_F001: {utterances[1].audio}: "
        "800 samples, 0.0500 s; prosody35 needs at least 0.055 s"
    )
    assert shards_in(store) == []
