"""Frames in files of a machine: the same as in memory, made once, whole or not used."""

import hashlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

import ser_platform
from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.errors import CorruptObjectError, ScratchError
from ser_platform.features import scratch
from ser_platform.features.cache import FrameTable, load_frames, load_frames_within
from ser_platform.features.fill import pack_shard, unpack_shard
from ser_platform.features.laying import excerpt
from ser_platform.features.mapped import mapped_parts
from ser_platform.features.moments import moments
from ser_platform.features.parts import Part, Piece, StoredFrames, StoredPart
from ser_platform.features.scratch import clear, leave, scratch_folder, stop_using
from ser_platform.storage.cached import CachedStore
from ser_platform.storage.intact import quarantined
from ser_platform.storage.local import LocalStore
from tests.features.caching import damage, nothing_to_do, shards_in
from tests.features.conftest import Corpus
from tests.full_disk import files_at_most

CONFIG = ShortTerm34Config()
ROOT = Path(ser_platform.__file__).parents[1]


class CountingStore(LocalStore):
    """Each read of a shard leaves a file beside the store, across processes."""

    def read(self, key: str) -> bytes:
        if key.endswith(".st"):
            notes = Path(f"{self.url}-reads")
            notes.mkdir(exist_ok=True)
            (notes / uuid4().hex).touch()
        return super().read(key)

    @property
    def reads(self) -> int:
        return len(list(Path(f"{self.url}-reads").glob("*")))

    def forget(self) -> None:
        shutil.rmtree(f"{self.url}-reads", ignore_errors=True)


@pytest.fixture(autouse=True)
def _nothing_stays_in_use() -> Iterator[None]:
    yield
    leave()


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    return CountingStore(tmp_path / "store")


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(tmp_path / "scratch")


@pytest.fixture
def held(store: CountingStore, corpus: Corpus) -> FrameTable:
    """Three shards of four utterances, in memory."""
    table = load_frames(store, corpus(per_session=4, sessions=3), CONFIG)
    store.forget()
    return table


@pytest.fixture
def stored(held: FrameTable, store: CountingStore, corpus: Corpus) -> StoredFrames:
    """The same, in the store."""
    utterances = corpus(per_session=4, sessions=3)
    table = load_frames_within(0, store, utterances, CONFIG, nothing_to_do)
    assert isinstance(table, StoredFrames)
    store.forget()
    return table


def in_memory(table: FrameTable, rows: list[int]) -> Part:
    own = [table.frames(row) for row in rows]
    return Part(np.concatenate(own), moments(own, len(table.names)))


def assert_same(found: Part, expected: Part) -> None:
    assert found.frames.dtype == np.float32
    assert found.frames.tobytes() == expected.frames.tobytes()
    assert found.moments.tobytes() == expected.moments.tobytes()


def parts_here(base: str) -> list[str]:
    return sorted(path.name for path in scratch_folder(base).iterdir() if path.name != "locks")


def test_of_frames_that_are_too_many_only_their_lengths_are_kept(held, stored) -> None:
    assert stored.offsets.tolist() == held.offsets.tolist()
    for name in ("ids", "names", "window_s", "hop_s", "manifest_key"):
        assert getattr(stored, name) == getattr(held, name)


@pytest.mark.parametrize("less", [0, 1], ids=["as many as may be", "one byte more"])
def test_frames_are_held_up_to_the_very_limit(held, store, corpus, less: int) -> None:
    utterances = corpus(per_session=4, sessions=3)
    table = load_frames_within(held.values.nbytes - less, store, utterances, CONFIG)
    assert isinstance(table, StoredFrames if less else FrameTable)
    if isinstance(table, FrameTable):
        assert table.values.tobytes() == held.values.tobytes()


def test_a_damaged_shard_is_put_aside_and_computed_again_where_none_is_held(
    held, store, corpus, base
) -> None:
    damaged = damage(store, shards_in(store)[1])
    table = load_frames_within(0, store, corpus(per_session=4, sessions=3), CONFIG)
    assert isinstance(table, StoredFrames)
    (aside,) = quarantined(store)
    assert store.read(aside) == damaged
    rows = list(range(12))
    assert_same(mapped_parts([table.part(np.array(rows))], base)[0], in_memory(held, rows))


ROWS = {"whole shards": [[0, 1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11]], "mixed": [[1, 5, 11], [0, 6]]}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_mapped_parts_are_those_in_memory_and_each_shard_is_read_once(
    held, stored, store, base, rows: list[list[int]]
) -> None:
    found = mapped_parts([stored.part(np.array(own)) for own in rows], base)
    for part, own in zip(found, rows, strict=True):
        assert_same(part, in_memory(held, own))
        for array in (part.frames, part.moments):
            assert type(array) is np.ndarray
            assert isinstance(array.base, np.memmap)
            assert not array.flags.writeable
    assert store.reads == 3
    mapped_parts([stored.part(np.array(own)) for own in rows], base)
    assert store.reads == 3
    assert parts_here(base) == sorted(stored.part(np.array(own)).key for own in rows)


def test_what_is_there_already_is_not_read_again_for_what_is_not(stored, store, base) -> None:
    one, two = stored.part(np.array([0, 1])), stored.part(np.array([2, 4]))
    mapped_parts([one], base)
    store.forget()
    mapped_parts([one, two], base)
    assert store.reads == 2


def test_parts_differ_in_key_by_all_that_is_in_them(stored) -> None:
    rows = ([0, 1], [0, 2], [0, 1, 2], [4, 5])
    assert len({stored.part(np.array(own)).key for own in rows}) == 4


def test_an_excerpt_is_read_without_a_file(held, stored, store, base) -> None:
    part = stored.part(np.array([1, 5, 6, 11]))
    assert_same(excerpt(part, np.array([0, 2])), in_memory(held, [1, 6]))
    assert store.reads == 2
    assert len(excerpt(part, np.array([], dtype=int)).frames) == 0
    assert not Path(base).exists()


def test_copies_of_shards_are_read_and_none_are_kept(held, stored, store, base, tmp_path) -> None:
    cached = CachedStore(store, tmp_path / "cache", most_bytes=10**9)
    part = StoredPart(cached, stored.part(np.arange(12)).dim, stored.part(np.arange(12)).pieces)
    first = part.pieces[0].shard
    cached.read_parsed(first, lambda data: data)
    damage(store, first)  # not seen: the copy is read
    assert_same(mapped_parts([part], base)[0], in_memory(held, list(range(12))))
    copies = [path.name for path in (tmp_path / "cache" / "copies").rglob("*.st")]
    assert copies == [first.rpartition("/")[2]]


# Several processes.


def _keys_of(stored: StoredFrames, base: str) -> list[str]:
    found = mapped_parts([stored.part(np.arange(6)), stored.part(np.arange(6, 12))], base)
    return [hashlib.sha256(part.frames.tobytes()).hexdigest() for part in found]


def test_processes_that_need_the_same_parts_at_once_make_them_once(held, stored, base) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as processes:
        digests = processes.starmap(_keys_of, [(stored, base)] * 6)
    own = [in_memory(held, list(range(n, n + 6))) for n in (0, 6)]
    assert digests == [[hashlib.sha256(p.frames.tobytes()).hexdigest() for p in own]] * 6
    assert stored.store.reads == 3


HOLD = """
import os, pickle, sys, time
from ser_platform.features.mapped import mapped_parts

fsync, left = os.fsync, [int(sys.argv[3])]

def stuck(file):
    fsync(file)
    left[0] -= 1
    if not left[0]:
        print("writing", flush=True)
        time.sleep(60)

os.fsync = stuck
parts = pickle.loads(open(sys.argv[1], "rb").read())
found = mapped_parts(parts, sys.argv[2])
print("mapped", flush=True)
sys.stdin.read()
"""


class Other:
    """Another process that maps parts; perhaps stuck while it writes the file of that number."""

    def __init__(self, parts: list[StoredPart], base: str, tmp_path: Path, stuck_at: int = 0):
        path = tmp_path / f"parts-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(pickle.dumps(parts))
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), base, str(stuck_at)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        expected = "writing\n" if stuck_at else "mapped\n"
        assert self._process.stdout.readline() == expected

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


@pytest.fixture
def other(stored, base, tmp_path) -> Iterator[Other]:
    """It has mapped the first two shards."""
    process = Other([stored.part(np.arange(8))], base, tmp_path)
    yield process
    process.kill()


@pytest.mark.faults
@pytest.mark.parametrize("stuck_at", [1, 2], ids=["frames", "moments"])
def test_a_process_killed_while_it_makes_a_part_leaves_nothing_that_is_used(
    held, stored, base, tmp_path, stuck_at: int
) -> None:
    part = stored.part(np.arange(12))
    Other([part], base, tmp_path, stuck_at).kill()
    assert parts_here(base) == [f".{part.key}.half"]
    assert_same(mapped_parts([part], base)[0], in_memory(held, list(range(12))))
    assert parts_here(base) == [part.key]


def test_half_a_part_of_a_dead_process_goes_with_what_is_unused(stored, base, tmp_path) -> None:
    living = Other([stored.part(np.arange(5))], base, tmp_path, stuck_at=1)
    dead = Other([stored.part(np.arange(4))], base, tmp_path, stuck_at=1)
    dead.kill()
    clear(scratch_folder(base))
    assert parts_here(base) == [f".{stored.part(np.arange(5)).key}.half"]
    living.kill()
    clear(scratch_folder(base))
    assert parts_here(base) == []


def test_the_last_process_that_uses_a_part_deletes_it_when_it_leaves(
    held, stored, base, tmp_path
) -> None:
    part, own = stored.part(np.arange(8)), stored.part(np.arange(8, 12))
    other = Other([part], base, tmp_path)
    found, _ = mapped_parts([part, own], base)
    leave()
    assert parts_here(base) == [part.key]
    mapped_parts([part], base)
    other.kill()
    assert parts_here(base) == [part.key]
    leave()
    assert parts_here(base) == []
    assert_same(found, in_memory(held, list(range(8))))  # what is mapped can be read on


def test_what_somebody_has_half_deleted_goes_too(stored, base) -> None:
    part = stored.part(np.arange(4))
    mapped_parts([part], base)
    (scratch_folder(base) / part.key / "part.json").unlink()
    clear(scratch_folder(base))
    assert parts_here(base) == []


def test_what_nobody_uses_makes_room_and_what_is_in_use_does_not(
    stored, base, other, tmp_path
) -> None:
    in_use, unused = stored.part(np.arange(8)), stored.part(np.arange(3))
    Other([unused], base, tmp_path).kill()
    assert parts_here(base) == sorted([in_use.key, unused.key])
    with pytest.raises(ScratchError):
        mapped_parts([too_large(stored)], base)
    assert parts_here(base) == [in_use.key]


# Disks.


def too_large(stored: StoredFrames) -> StoredPart:
    piece = stored.part(np.array([0])).pieces[0]
    huge = Piece(0, piece.shard, piece.recordings, piece.places, np.array([10**13]))
    return StoredPart(stored.store, 34, (huge,))


def test_a_disk_that_is_too_small_is_told_with_what_is_needed_and_what_is_there(
    stored, base
) -> None:
    with pytest.raises(ScratchError) as error:
        mapped_parts([too_large(stored)], base)
    free_gb = shutil.disk_usage(base).free / 1e9
    message = str(error.value)
    folder = Path(base) / f"ser-frames-{os.getuid()}"
    assert message.startswith(f"{folder} on {os.uname().nodename} has ")
    assert abs(float(message.split(" has ")[1].split()[0]) - free_gb) < 1
    assert message.endswith(
        " GB free, and 1360000.0 GB are needed for frames that memory does not hold: free space "
        "there, name a folder on a larger disk (cluster.scratch), or hold them in memory "
        "(cluster.frames_in_memory_gb)"
    )


def test_a_disk_that_fills_up_is_a_clear_error_and_nothing_is_left(held, stored, base) -> None:
    parts = [stored.part(np.arange(12))]
    with (
        files_at_most(2_000),
        pytest.raises(ScratchError, match=r"cannot take frames .*too large"),
    ):
        mapped_parts(parts, base)
    assert parts_here(base) == []
    assert_same(mapped_parts(parts, base)[0], in_memory(held, list(range(12))))


@pytest.mark.parametrize("name", ["frames.npy", "moments.npy", "part.json"])
@pytest.mark.parametrize("damaging", ["flip", "cut", "delete"])
def test_a_damaged_file_is_noticed_by_the_next_process_and_made_again(
    held, stored, base, caplog, name: str, damaging: str
) -> None:
    part = stored.part(np.arange(12))
    folder = scratch_folder(base) / part.key
    mapped_parts([part], base)
    file = folder / name
    data = bytearray(file.read_bytes())
    file.unlink()
    match damaging:
        case "flip":
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
        case "cut":
            file.write_bytes(data[:-1])
        case _:
            pass
    stop_using(folder)  # as if this were another process
    assert_same(mapped_parts([part], base)[0], in_memory(held, list(range(12))))
    told = any(message.startswith(f"{folder} is damaged: ") for message in caplog.messages)
    assert told == ((damaging, name) != ("delete", "part.json"))
    assert parts_here(base) == [part.key]


def test_a_folder_that_is_deleted_by_hand_is_made_again(held, stored, base) -> None:
    part = stored.part(np.arange(12))
    mapped_parts([part], base)
    shutil.rmtree(base)
    assert_same(mapped_parts([part], base)[0], in_memory(held, list(range(12))))


def test_a_folder_that_is_not_ours_is_not_used(base, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Path(base).mkdir()
    folder = Path(base) / f"ser-frames-{os.getuid()}"
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ScratchError, match="is not this user's own folder; remove it"):
        scratch_folder(base)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_told(base) -> None:
    Path(base).write_text("a file")
    with pytest.raises(ScratchError, match=r"cannot take frames .*Not a directory"):
        scratch_folder(base)


def test_nobody_else_can_read_the_folder(base) -> None:
    assert scratch_folder(base).stat().st_mode & 0o777 == 0o700


def test_what_lies_in_memory_is_told_from_a_disk() -> None:
    assert scratch.lies_in_memory(Path("/dev/shm/a/b"))
    assert not scratch.lies_in_memory(Path("/proc"))


# Shards that are not what they were.


def test_a_shard_that_was_damaged_since_the_study_began_is_told(stored, store, base) -> None:
    damage(store, stored.shards[1].key)
    with pytest.raises(CorruptObjectError) as error:
        mapped_parts([stored.part(np.arange(12))], base)
    assert str(error.value) == (
        f"'{stored.shards[1].key}' in {store.url} is damaged: its SHA-256 is not that of its "
        "content, though it was well when the study began; the same command, given again, "
        "computes it anew"
    )
    assert parts_here(base) == []


def test_a_shard_that_is_gone_is_told(stored, store, base) -> None:
    store.delete(stored.shards[0].key)
    with pytest.raises(CorruptObjectError, match=r"no object .* though it was well when"):
        mapped_parts([stored.part(np.arange(12))], base)


def test_a_shard_that_was_computed_anew_to_other_lengths_is_told(stored, store, base) -> None:
    shard = stored.shards[0]
    arrays = unpack_shard(store.read(shard.key), shard)
    shorter = np.split(arrays["values"], arrays["offsets"][1:-1] - 1)
    store.write(shard.key, pack_shard(shard, shorter))
    with pytest.raises(CorruptObjectError, match="holds other frames than when the study began"):
        mapped_parts([stored.part(np.arange(12))], base)
    assert parts_here(base) == []


def test_the_record_of_a_part_is_json_with_the_digests_of_its_files(stored, base) -> None:
    part = stored.part(np.arange(12))
    mapped_parts([part], base)
    folder = scratch_folder(base) / part.key
    record = json.loads((folder / "part.json").read_bytes())
    assert record["key"] == part.key
    assert record["content"] == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("frames.npy", "moments.npy")
    }
    assert part.size_bytes == sum(
        np.load(folder / name, mmap_mode="r").nbytes for name in record["content"]
    )
