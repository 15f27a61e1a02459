"""Small corpora of recordings, and where to keep their features."""

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from ser_platform.storage import ObjectStore, open_store
from ser_platform.utterance import Utterance
from tests.features.signals import RATE, chirp

Corpus = Callable[..., list[Utterance]]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """``corpus(per_session=3, sessions=2)``: recordings of rising tones, none like another."""

    def make(per_session: int = 3, sessions: int = 2) -> list[Utterance]:
        utterances = []
        for session in range(1, sessions + 1):
            for i in range(per_session):
                name = f"Ses0{session}_F{i:03d}"
                path = tmp_path / "wav" / f"{name}.wav"
                path.parent.mkdir(exist_ok=True)
                to_hz = 1_000 + 400 * session + 100 * i
                soundfile.write(path, chirp(1_600 + 200 * i, to_hz=to_hz), RATE)
                utterances.append(Utterance(name, str(path), f"s{session}", session, "neu", ""))
        return utterances

    return make


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "store"))
