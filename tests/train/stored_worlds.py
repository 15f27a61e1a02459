"""Corpora of made-up frames in an object store, put there as a fill of the cache does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ser_platform.config.corpus import SplitConfig
from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import make_folds
from ser_platform.emotions import EMOTIONS
from ser_platform.features import make_extractor
from ser_platform.features.fill import pack_shard
from ser_platform.features.plan import plan_shards
from ser_platform.storage import open_store
from ser_platform.train.given import Given
from ser_platform.utterance import Utterance

CONFIG = ShortTerm34Config()


def given_with_stored_frames(
    folder: Path, utterances: Sequence[Utterance], split: SplitConfig, frames: int
) -> Given:
    """A store with all frames of these utterances, some more than so many of each.

    Recordings are files that nobody could decode: they are hashed, and that is all. Frames are
    shifted along one value by the emotion.
    """
    store = open_store(str(folder / "store"))
    (folder / "audio").mkdir(parents=True)
    utterances = [_recorded(folder, utterance) for utterance in utterances]
    by_id = {utterance.id: utterance for utterance in utterances}
    extractor = make_extractor(CONFIG)
    dim = len(extractor.names)
    rng = np.random.default_rng(5)
    for shard in plan_shards(utterances, extractor):
        made = []
        for recording in shard.recordings:
            own = rng.random((frames + rng.integers(10), dim), dtype=np.float32)
            own[:, EMOTIONS.index(by_id[recording.id].emotion)] += 1
            made.append(own)
        store.create(shard.key, pack_shard(shard, made))
    corpus = Corpus("made-up", tuple(utterances), synthetic=True, notes=())
    return Given(store, corpus, make_folds(utterances, split))


def _recorded(folder: Path, utterance: Utterance) -> Utterance:
    path = folder / "audio" / utterance.id
    path.write_text(utterance.id)
    return replace(utterance, audio=str(path))
