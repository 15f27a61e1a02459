"""A tiny corpus in memory: two speakers a session, four emotions that the sound tells apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import Experiment
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.dataset import Dataset
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import FrameTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.joining import build_dataset
from ser_platform.utterance import Utterance, Word

DIM = 6
HOP_S, WINDOW_S = 0.010, 0.020


def utterances(sessions: int = 3, each: int = 8) -> list[Utterance]:
    return [
        Utterance(
            id=f"s{session}{sex}{i:02}",
            audio="",
            speaker=f"s{session}{sex}",
            session=session,
            emotion=EMOTIONS[i % 4],
            transcript="well then",
            words=(Word("well", 0.0, 0.1), Word("then", 0.1, 0.2)),
        )
        for session in range(1, sessions + 1)
        for sex in "FM"
        for i in range(each)
    ]


@pytest.fixture(scope="session")
def corpus() -> list[Utterance]:
    return utterances()


@pytest.fixture(scope="session")
def dataset(corpus: list[Utterance]) -> Dataset:
    """Frames of 20 to 30 rows, each shifted along one value by the emotion."""
    rng = np.random.default_rng(7)
    lengths = rng.integers(20, 30, len(corpus))
    values = [
        rng.normal(size=(n, DIM)) + 1.5 * np.eye(DIM)[EMOTIONS.index(u.emotion)]
        for u, n in zip(corpus, lengths, strict=True)
    ]
    table = FrameTable(
        values=np.concatenate(values).astype(np.float32),
        offsets=np.cumsum([0, *lengths], dtype=np.int64),
        ids=tuple(u.id for u in corpus),
        names=tuple(f"value{i}" for i in range(DIM)),
        window_s=WINDOW_S,
        hop_s=HOP_S,
        manifest_key="made-up",
    )
    vectors = rng.normal(size=(2, 4)).astype(np.float32)
    return build_dataset(corpus, table, WordVectors(("well", "then"), vectors, (), {}))


@pytest.fixture(scope="session")
def fold(corpus: list[Utterance]) -> Fold:
    return make_folds(corpus, SplitConfig())[0]


@pytest.fixture
def experiment() -> Callable[..., Experiment]:
    """A small network of either kind; keywords are settings of ``train``."""

    def make(kind: str = "alignment", **train: Any) -> Experiment:
        models: dict[str, dict[str, Any]] = {
            "alignment": {"kind": "alignment", "heads": 2, "weights": 4, "dropout": 0.2},
            "wise": {
                "kind": "wise",
                **dict.fromkeys(
                    ("phoneme_hidden", "word_hidden", "audio_hidden", "text_hidden"), 6
                ),
                "weights": 8,
                "classifier": (8, 8),
            },
        }
        settings = {
            "name": "x",
            "corpus": {"kind": "demo"},
            "features": {"kind": "shortterm34"},
            "model": models[kind],
            "train": {"epochs": 3, "batch_size": 8, "learning_rate": 0.02, **train},
        }
        return Experiment.model_validate(settings, strict=False)

    return make
