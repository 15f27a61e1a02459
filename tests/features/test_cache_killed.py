"""A process killed in the middle of a fill: nothing half, and what was done is kept."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ser_platform
from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.cache import load_frames
from ser_platform.features.shard import unpack
from ser_platform.storage import ObjectStore
from tests.features.caching import shards_in
from tests.features.conftest import Corpus

FILL = """
import os, sys, time
from pathlib import Path
from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.cache import load_frames
from ser_platform.storage import open_store
from ser_platform.utterance import Utterance

utterances = [
    Utterance(p.stem, str(p), p.stem[:5], int(p.stem[4]), "neu", "")
    for p in sorted(Path(sys.argv[2]).glob("*.wav"))
]
fsync, synced = os.fsync, []

def stuck(file):
    fsync(file)
    synced.append(file)
    if len(synced) == int(sys.argv[3]):
        print("writing", flush=True)
        time.sleep(60)

os.fsync = stuck
load_frames(open_store(sys.argv[1]), utterances, ShortTerm34Config())
"""


@pytest.mark.faults
@pytest.mark.parametrize(("written", "shards"), [(2, 1), (4, 3)], ids=["shard", "manifest"])
def test_a_fill_killed_in_a_write_leaves_whole_shards_only_and_the_next_goes_on(
    store: ObjectStore, corpus: Corpus, written: int, shards: int
) -> None:
    utterances = corpus(sessions=3)
    folder = str(Path(utterances[0].audio).parent)
    command = [sys.executable, "-c", FILL, store.url, folder, str(written)]
    root = Path(ser_platform.__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    whole = shards_in(store)
    assert [len(unpack(store.read(key))[1]["ids"]) for key in whole] == [3] * shards
    assert list(store.keys("features/manifests/")) == []
    assert len(list(Path(store.url).rglob("*.part"))) == 1  # hidden: no key

    seen: list[tuple[int, int, int]] = []
    table = load_frames(store, utterances, ShortTerm34Config(), progress=lambda *c: seen.append(c))
    assert seen == [(done, 9, 3 * shards) for done in range(3 * shards, 10, 3)]
    assert len(list(store.keys("features/manifests/"))) == 1
    assert table.ids == tuple(u.id for u in utterances)
