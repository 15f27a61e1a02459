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

def stuck_in_the_second(file):
    fsync(file)
    synced.append(file)
    if len(synced) == 2:
        print("writing", flush=True)
        time.sleep(60)

os.fsync = stuck_in_the_second
load_frames(open_store(sys.argv[1]), utterances, ShortTerm34Config())
"""


@pytest.mark.faults
def test_a_killed_fill_leaves_whole_shards_only_and_the_next_goes_on(
    store: ObjectStore, corpus: Corpus
) -> None:
    utterances = corpus(sessions=3)
    folder = str(Path(utterances[0].audio).parent)
    command = [sys.executable, "-c", FILL, store.url, folder]
    root = Path(ser_platform.__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    (whole,) = shards_in(store)
    assert len(unpack(store.read(whole))[1]["ids"]) == 3
    assert list(store.keys("features/manifests/")) == []
    assert len(list(Path(store.url).rglob("*.part"))) == 1  # hidden: no key

    seen: list[tuple[int, int, int]] = []
    table = load_frames(store, utterances, ShortTerm34Config(), progress=lambda *c: seen.append(c))
    assert seen == [(3, 9, 3), (6, 9, 3), (9, 9, 3)]
    assert table.ids == tuple(u.id for u in utterances)
