"""An experiment on a few recordings, with a store of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile

from ser_platform.config import ExperimentFile, load_experiment_file
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import load_frames
from ser_platform.storage import ObjectStore, open_store
from ser_platform.train.given import look
from ser_platform.upkeep.uses import note_use
from tests.features.signals import RATE, chirp

TEXT = """\
name: {name}
corpus: {{kind: table, root: {root}, missing_alignment: even}}
features: {{kind: shortterm34, hop_s: {hop_s}}}
model: {{kind: wise}}
store: {root}/store
cache: {{folder: {root}/cache}}
tracking: {{uri: "sqlite:///{root}/mlflow.db"}}
study: {{storage: "sqlite:///{root}/optuna.db"}}
"""


@dataclass(frozen=True)
class World:
    """Files and a store below one folder."""

    root: Path
    store: ObjectStore

    def write(self, name: str = "x", hop_s: float = 0.01) -> str:
        """An experiment file, by its path."""
        path = self.root / f"{name}.yaml"
        path.write_text(TEXT.format(name=name, root=self.root, hop_s=hop_s))
        return str(path)

    def load(self, path: str) -> ExperimentFile:
        return load_experiment_file(path)

    def fill(self, path: str) -> str:
        """As the door does, but here; returns the digest of the manifest."""
        file = load_experiment_file(path)
        given = look(file)
        (architecture,) = file.architectures
        experiment = file.experiment(architecture)
        table = load_frames(self.store, given.corpus.utterances, experiment.features)
        note_use(self.store, file.name, given.corpus.name, [table.manifest_key])
        return table.manifest_key

    def keys(self, part: str) -> list[str]:
        return list(self.store.keys(f"features/{part}/"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Twelve recordings of six speakers in three sessions."""
    lines = ["utterance_id,file,speaker,session,emotion,transcript"]
    for i in range(12):
        soundfile.write(tmp_path / f"u{i:02}.wav", chirp(1_600 + 80 * i, to_hz=900 + 50 * i), RATE)
        lines.append(f"u{i:02},u{i:02}.wav,p{i % 6},{1 + i % 3},{EMOTIONS[i // 3]},well then")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return World(tmp_path, open_store(str(tmp_path / "store")))


Ser = Callable[..., int]


@pytest.fixture
def ser() -> Ser:
    """``ser("ls", path)``: the door, here."""
    from ser_platform.features.__main__ import main

    return lambda *argv: main([str(argument) for argument in argv])
