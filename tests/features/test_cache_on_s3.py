"""The cache on a real S3 server, with several processes that fill it at once."""

import multiprocessing
from pathlib import Path

import pytest

from ser_platform.config.cache import CacheConfig
from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.cache import load_frames
from ser_platform.storage import ObjectStore, open_store
from ser_platform.utterance import Utterance
from tests.features.conftest import Corpus
from tests.servers import S3Server

pytestmark = pytest.mark.slow


@pytest.fixture
def store(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return open_store(f"s3://{s3.bucket}/cache")


def fill(store: ObjectStore, utterances: list[Utterance]) -> tuple[str, bytes]:
    table = load_frames(store, utterances, ShortTerm34Config())
    return table.manifest_key, table.values.tobytes()


def test_processes_that_fill_the_cache_at_once_see_the_same_frames(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus(per_session=20, sessions=3)
    here = fill(open_store(str(tmp_path / "store")), utterances)
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        filled = processes.starmap(fill, [(store, utterances)] * 3)
    assert set(filled) == {here}
    assert len(list(store.keys("features/v1/"))) == 3
    assert len(list(store.keys("features/manifests/"))) == 1


def test_processes_of_one_machine_share_its_copies(
    store: ObjectStore, corpus: Corpus, tmp_path: Path
) -> None:
    utterances = corpus(per_session=20, sessions=3)
    here = fill(open_store(f"{store.url}/copied"), utterances)
    cached = open_store(f"{store.url}/copied", CacheConfig(folder=str(tmp_path / "cache")))
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        filled = processes.starmap(fill, [(cached, utterances)] * 3)
    assert set(filled) == {here}
    copies = [path for path in (tmp_path / "cache" / "copies").rglob("*") if path.is_file()]
    assert {path.name for path in copies} == {
        key.rpartition("/")[2] for key in cached.keys("features/v1/")
    }
    for key in cached.keys("features/v1/"):
        cached.write(key, b"nonsense, and the copy is gone")
    assert fill(cached, utterances) == here  # computed again
