"""Recordings are hashed again exactly when they may have changed."""

import hashlib
import json
import logging
import os
import shutil
import time
from pathlib import Path

import pytest
import soundfile

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.errors import FeatureError
from ser_platform.features import audio, make_extractor
from ser_platform.features.cache import load_frames
from ser_platform.features.plan import plan_shards
from ser_platform.features.recordings import RecordingDigests
from ser_platform.storage import ObjectStore
from tests.features.caching import nothing_to_do
from tests.features.conftest import Corpus
from tests.features.signals import RATE, noise

OLD_NS = 10**18


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is read, as it is read."""
    seen: list[str] = []
    read = audio.read_bytes

    def noting(path: str | Path) -> bytes:
        seen.append(Path(path).name)
        return read(path)

    monkeypatch.setattr(audio, "read_bytes", noting)
    return seen


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files just written are old: the clock stands a minute later."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(folder: Path, path: Path) -> str:
    """In a run of its own."""
    digests = RecordingDigests(folder, "my corpus")
    found = digests.of(str(path))
    digests.save()
    return found


@pytest.mark.usefixtures("settled")
def test_a_file_that_looks_the_same_is_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    assert [digest(tmp_path, file) for _ in range(3)] == [sha256(file)] * 3
    assert reads == ["a.wav"]
    assert (tmp_path / "recordings" / "my-corpus.json").exists()


@pytest.mark.usefixtures("settled")
def test_another_content_of_the_same_size_and_time_is_seen(tmp_path: Path) -> None:
    file, other = tmp_path / "a.wav", tmp_path / "other.wav"
    file.write_bytes(b"sound")
    os.utime(file, ns=(OLD_NS, OLD_NS))
    digest(tmp_path, file)
    file.write_bytes(b"noise")
    os.utime(file, ns=(OLD_NS, OLD_NS))
    assert digest(tmp_path, file) == hashlib.sha256(b"noise").hexdigest()
    other.write_bytes(b"voice")
    os.utime(other, ns=(OLD_NS, OLD_NS))
    shutil.move(other, file)
    assert digest(tmp_path, file) == hashlib.sha256(b"voice").hexdigest()


def test_a_file_written_a_moment_ago_is_not_remembered(tmp_path: Path, reads: list[str]) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    digest(tmp_path, file)
    digest(tmp_path, file)
    assert reads == ["a.wav", "a.wav"]


@pytest.mark.usefixtures("settled")
def test_a_list_that_cannot_be_read_is_told_and_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    digest(tmp_path, file)
    remembered = tmp_path / "recordings" / "my-corpus.json"
    remembered.write_text("{half")
    with caplog.at_level(logging.WARNING):
        assert digest(tmp_path, file) == sha256(file)
    assert "every recording is hashed again" in caplog.text
    assert list(json.loads(remembered.read_text())) == [str(file)]


def test_a_missing_recording_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"no such recording; check the corpus folder"):
        digest(tmp_path, tmp_path / "absent.wav")


@pytest.mark.usefixtures("settled")
def test_a_warm_start_reads_no_recording(
    store: ObjectStore, corpus: Corpus, tmp_path: Path, reads: list[str]
) -> None:
    utterances = corpus()
    config = ShortTerm34Config()
    cold = load_frames(store, utterances, config, digests=RecordingDigests(tmp_path, "c"))
    assert len(reads) == 12  # to be hashed, and to be computed
    reads.clear()
    warm = load_frames(
        store, utterances, config, nothing_to_do, digests=RecordingDigests(tmp_path, "c")
    )
    assert reads == []
    assert warm.manifest_key == cold.manifest_key
    assert plan_shards(utterances, make_extractor(config)) == plan_shards(
        utterances, make_extractor(config), RecordingDigests(tmp_path, "c")
    )


@pytest.mark.usefixtures("settled")
def test_a_wrong_memory_stores_nothing_wrong_and_is_mended(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus(sessions=1)
    config = ShortTerm34Config()
    plan_shards(utterances, make_extractor(config), RecordingDigests(tmp_path, "c"))
    path = Path(utterances[1].audio)
    remembered = tmp_path / "recordings" / "c.json"
    known = json.loads(remembered.read_text())
    soundfile.write(path, noise(3_000), RATE)
    status = path.stat()
    stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    known[str(path)] = [*stamp, known[str(path)][-1]]  # as if the system had kept the times
    remembered.write_text(json.dumps(known))
    with pytest.raises(FeatureError, match=r"Ses01_F001: .* changed while it was read; run again"):
        load_frames(store, utterances, config, digests=RecordingDigests(tmp_path, "c"))
    assert list(store.keys("features/v1/")) == []
    table = load_frames(store, utterances, config, digests=RecordingDigests(tmp_path, "c"))
    assert table.frames(1).tobytes() == make_extractor(config)(noise(3_000)).tobytes()
