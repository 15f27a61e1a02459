import hashlib
import json
import struct

import numpy as np
import pytest
import safetensors.numpy
from safetensors import deserialize

from ser_platform.errors import CorruptObjectError
from ser_platform.features.shard import canonical_json, pack, unpack

ARRAYS = {
    "values": np.arange(60, dtype=np.float32).reshape(20, 3) / 7,
    "offsets": np.array([0, 5, 5, 20], np.int64),
}
META = {"key": "features/v1/ab/ab.st", "ids": ["Ses01F_impro01_F000", "ä"], "n": 3}
OBJECT = pack(ARRAYS, META)


def test_arrays_and_meta_come_back() -> None:
    arrays, meta = unpack(OBJECT)
    assert meta == META
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_arrays_without_elements_come_back() -> None:
    empty = {"values": np.empty((0, 39), np.float32), "offsets": np.zeros(1, np.int64)}
    arrays, _ = unpack(pack(empty, {}))
    assert arrays["values"].shape == (0, 39)


def test_any_order_and_layout_in_memory_gives_the_same_bytes() -> None:
    turned = {
        "offsets": ARRAYS["offsets"][::-1].copy()[::-1],
        "values": np.asfortranarray(ARRAYS["values"]),
    }
    assert pack(turned, dict(reversed(META.items()))) == OBJECT
    assert hashlib.sha256(OBJECT).hexdigest() == (
        "2fbf274baf6567d6adc2bdec3550e72db08960b875757e36c984b7423850b020"
    ), "the bytes of a shard changed: raise SHARD_FORMAT in plan.py"


def test_the_safetensors_package_reads_it() -> None:
    theirs = safetensors.numpy.load(OBJECT)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)
    assert {name for name, _ in deserialize(OBJECT)} == set(ARRAYS)


def test_numbers_start_at_a_multiple_of_64_bytes() -> None:
    (length,) = struct.unpack_from("<Q", OBJECT)
    assert (8 + length) % 64 == 0


def test_no_flipped_bit_goes_unseen(rng: np.random.Generator) -> None:
    anywhere = rng.choice(8 * len(OBJECT), 400, replace=False)
    (length,) = struct.unpack_from("<Q", OBJECT)
    in_the_header = rng.choice(8 * (8 + length), 600, replace=False)
    for bit in {*anywhere.tolist(), *in_the_header.tolist()}:
        damaged = bytearray(OBJECT)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptObjectError):
            unpack(bytes(damaged))


def test_no_truncation_goes_unseen() -> None:
    for length in range(0, len(OBJECT), 3):
        with pytest.raises(CorruptObjectError):
            unpack(OBJECT[:length])
    with pytest.raises(CorruptObjectError):
        unpack(OBJECT + b"\0")


def test_what_comes_back_cannot_be_changed_by_accident() -> None:
    arrays, _ = unpack(OBJECT)
    with pytest.raises(ValueError, match="read-only"):
        arrays["values"][0, 0] = 1


def test_only_float32_and_int64_are_stored() -> None:
    with pytest.raises(ValueError, match="'a' is float64; float32 or int64 is expected"):
        pack({"a": np.zeros(3)}, {})


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 12]},
        {"dtype": "F32", "shape": [3], "data_offsets": [0, 10**12]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 13]},
        {"dtype": "O", "shape": [3], "data_offsets": [0, 12]},
        {"dtype": "F32", "data_offsets": [0, 12]},
        "F32",
        None,
    ],
)
def test_a_forged_header_with_a_right_digest_is_still_refused(entry: object) -> None:
    blank = "0" * 64
    header = {"values": entry, "__metadata__": {"meta": "{}", "sha256": blank}}
    with pytest.raises(CorruptObjectError, match="its header cannot be read"):
        unpack(_signed(canonical_json(header)))


def test_a_header_nested_beyond_measure_is_refused() -> None:
    blank = "0" * 64
    nested = "[" * 100_000 + "]" * 100_000
    text = f'{{"__metadata__":{{"meta":{json.dumps(nested)},"sha256":"{blank}"}}}}'
    with pytest.raises(CorruptObjectError, match="its header cannot be read"):
        unpack(_signed(text))


def _signed(header: str, body: bytes = bytes(12)) -> bytes:
    head = struct.pack("<Q", len(header)) + header.encode()
    digest = hashlib.sha256(head + body).hexdigest()
    return head.replace(b"0" * 64, digest.encode(), 1) + body
