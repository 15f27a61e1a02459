"""The checker reads what the platform writes, and sees what is damaged in it."""

import io
import zipfile
from pathlib import Path

import pytest

from ser_platform.storage import ObjectStore, open_store
from ser_platform.storage.sealed import ZIP_COMMENT, seal_zip
from ser_platform.train.stored import FoldKeys, write_result
from tests.chaos.gather import fold_of
from tests.chaos.stored import damaged
from tests.runs import fold_result

KEYS = FoldKeys("0123456789abcdef", 1)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """With a result and a zip of pictures, as the platform's own functions write them."""
    found = open_store(str(tmp_path / "store"))
    write_result(found, KEYS.trained, fold_result(1))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("picture.png", b"picture")
        archive.comment = ZIP_COMMENT
    found.write(KEYS.attention, seal_zip(buffer.getvalue()))
    return found


def test_what_the_platform_writes_is_well(store: ObjectStore) -> None:
    assert list(damaged(store, [KEYS.trained, KEYS.attention])) == []
    assert fold_of(store, KEYS.trained)["fold"] == 1


@pytest.mark.parametrize("key", [KEYS.trained, KEYS.attention])
def test_one_flipped_bit_is_found(store: ObjectStore, key: str) -> None:
    data = bytearray(store.read(key))
    data[len(data) // 2] ^= 1
    store.write(key, bytes(data))
    assert {said.partition(": ")[0] for said in damaged(store, [key])} == {key}
