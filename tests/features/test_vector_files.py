"""Every format in which word vectors are published, packed and plain, whole and spoilt."""

import gzip
import io
import json
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ser_platform.config.inputs import VectorFileConfig
from ser_platform.errors import ConfigError
from ser_platform.features.embeddings import load_vectors
from ser_platform.features.vector_files import Vectors, read_file

GOLDEN = Path(__file__).with_name("golden")
TABLE = {"the": [0.5, -1, 0.25], "</s>": [1, 2, 3], "Köln": [7, 8, 9]}
Read = Callable[..., Vectors]


def text(*, header: bool = False, end: str = "\n") -> bytes:
    lines = [f"{len(TABLE)} 3"] if header else []
    lines += [" ".join([word, *map(str, numbers)]) for word, numbers in TABLE.items()]
    return "".join(line + end for line in lines).encode()


def binary(end: bytes = b"") -> bytes:
    """As GoogleNews; with line ends as word2vec itself writes it."""
    rows = (w.encode() + b" " + struct.pack("<3f", *v) + end for w, v in TABLE.items())
    return b"%d 3\n" % len(TABLE) + b"".join(rows)


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return file.getvalue()


LAYOUTS = {
    "GloVe": text(),
    "word2vec text": text(header=True),
    "fastText .vec": text(header=True, end=" \n"),
    "word2vec binary": binary(),
    "word2vec binary with line ends": binary(b"\n"),
}
PACKED = {"plain": bytes, "gzip": gzip.compress, "zip": lambda data: zipped(a_txt=data)}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def write_and_read(data: bytes, *wanted: str, name: str = "vectors") -> Vectors:
        (tmp_path / name).write_bytes(data)
        return read_file(tmp_path / name, wanted or tuple(TABLE))

    return write_and_read


@pytest.fixture
def refusal(read: Read, tmp_path: Path) -> Callable[[bytes], str]:
    def refused(data: bytes) -> str:
        with pytest.raises(ConfigError) as failure:
            read(data)
        return str(failure.value).replace(f"{tmp_path}/", "")

    return refused


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", PACKED)
def test_the_content_tells_the_format_and_not_the_name(
    read: Read, layout: str, packed: str
) -> None:
    vectors = read(PACKED[packed](LAYOUTS[layout]), name="vectors.txt.gz")
    assert {word: v.tolist() for word, v in vectors.found.items()} == TABLE
    assert vectors.dimension == 3
    assert vectors.sha256 == read(LAYOUTS[layout]).sha256


def test_only_what_is_wanted_is_kept(read: Read) -> None:
    for data in LAYOUTS.values():
        assert list(read(data, "the", "absent").found) == ["the"]


def test_a_file_longer_than_what_is_held_at_once(read: Read) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6_000, 300)).astype(np.float32)
    rows = b"".join(b"w%d " % i + row.tobytes() for i, row in enumerate(table))
    assert len(rows) > 7e6
    found = read(b"6000 300\n" + rows, "w0", "w3495", "w5999").found
    for word, row in (("w0", 0), ("w3495", 3495), ("w5999", 5999)):
        np.testing.assert_array_equal(found[word], table[row])


def test_fasttext_gives_what_fasttext_gives() -> None:
    golden = json.loads((GOLDEN / "fasttext.json").read_text(encoding="utf-8"))
    vectors = read_file(GOLDEN / "fasttext.bin", tuple(golden["vectors"]))
    assert set(vectors.found) == set(golden["known"])
    for word, expected in golden["vectors"].items():
        given = {**vectors.found, **vectors.composed}[word]
        np.testing.assert_allclose(given, expected, atol=1e-7)


def test_words_that_fasttext_composes_are_named_and_not_unknown() -> None:
    config = VectorFileConfig(path=str(GOLDEN / "fasttext.bin"))
    vectors = load_vectors(config, ["Dogs", "köln", "xyzzy", "..."])
    assert vectors.unknown == ("...",)
    assert vectors.composed == ("köln", "xyzzy")  # the model knows "dogs" and "Köln"
    assert vectors.vectors.any(axis=1).tolist() == [False, True, True, True]


def test_of_two_spellings_the_known_one_is_taken_before_letters() -> None:
    config = VectorFileConfig(path=str(GOLDEN / "fasttext.bin"))
    vectors = load_vectors(config, ["KÖLN", "Köln"])
    expected = read_file(GOLDEN / "fasttext.bin", ["Köln"]).found["Köln"]
    np.testing.assert_array_equal(vectors.vectors[vectors.words.index("Köln")], expected)
    assert vectors.composed == ("KÖLN",)


FASTTEXT = (GOLDEN / "fasttext.bin").read_bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (binary()[:-3], "byte 43: the file ends inside a vector of the 3 words"),
        (binary() + b"xy", "byte 60: more follows after the 3 words that line 1 promises"),
        (
            text(header=True)[: -len("Köln 7 8 9\n".encode())],
            "line 3: the last, and word 2 of the 3 that line 1 promises; get the file again",
        ),
        (
            b"1 3\na " + struct.pack("<3f", 1, np.nan, 3),
            "byte 18: a number of the vector before is NaN or infinite",
        ),
    ],
)
def test_what_is_malformed_is_named_by_line_or_byte(
    read: Read, tmp_path: Path, data: bytes, message: str
) -> None:
    with pytest.raises(ConfigError) as failure:
        read(data, "a", *TABLE)
    found = str(failure.value).removeprefix(f"embedding: {tmp_path}/vectors, ")
    assert found.partition(": ")[2] == message.partition(": ")[2]
    assert found.partition(" ")[0] == message.partition(" ")[0]


@pytest.mark.parametrize("kept", [20, 70, 100, 250, 400])
def test_a_fasttext_model_that_was_cut_off(refusal: Callable[[bytes], str], kept: int) -> None:
    message = refusal(FASTTEXT[:kept])
    assert message.startswith("embedding: vectors, byte ")
    assert "the file ends inside" in message or "does not end within" in message


def test_another_version_and_a_classifier_are_refused(refusal: Callable[[bytes], str]) -> None:
    older = FASTTEXT[:4] + struct.pack("<i", 11) + FASTTEXT[8:]
    assert refusal(older).endswith("fastText's format 11; 12 is known")
    supervised = FASTTEXT[:36] + struct.pack("<i", 3) + FASTTEXT[40:]
    assert refusal(supervised).endswith("a fastText classifier; word vectors are cbow or skipgram")


def test_a_quantised_model_is_refused(refusal: Callable[[bytes], str]) -> None:
    words = struct.unpack_from("<i", FASTTEXT, 68)[0]
    flag = FASTTEXT.index(struct.pack("<2q", words + 40, 4)) - 1
    quantised = FASTTEXT[:flag] + b"\1" + FASTTEXT[flag + 1 :]
    assert refusal(quantised).endswith(
        "a quantised model, whose vectors are no longer exact; give the .vec file that is "
        "published beside it"
    )


def test_a_zip_of_several_files_is_refused(refusal: Callable[[bytes], str]) -> None:
    assert refusal(zipped(a_txt=text(), b_txt=text())) == (
        "embedding: vectors holds 2 files of vectors (a.txt, b.txt); one is read from a zip, so "
        "unpack it and give one of them"
    )
    assert "holds 0 files of vectors (a.pdf)" in refusal(zipped(a_pdf=b""))


def test_what_is_packed_and_cut_off(refusal: Callable[[bytes], str]) -> None:
    for data in (gzip.compress(text())[:-9], zipped(a_txt=text())[:-30]):
        assert refusal(data).startswith("embedding: vectors cannot be read to its end: ")


@pytest.mark.parametrize("pack", ["gzip", "zip"])
def test_a_bomb_is_not_unpacked(refusal: Callable[[bytes], str], pack: str) -> None:
    """One line again and again, 30 MB in under 100 kB (S2)."""
    data = b"the 1 2 3\n" * 3_000_000
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    bomb = file.getvalue() if pack == "zip" else gzip.compress(data)
    before = time.process_time()
    message = refusal(bomb)
    assert time.process_time() - before < 20
    assert message.startswith(f"embedding: vectors has {len(bomb)} bytes and unpacks to ")
    assert message.endswith(" or more: no word vectors shrink like that; get the file again")


def test_a_line_without_an_end_is_not_held(refusal: Callable[[bytes], str]) -> None:
    assert refusal(b"the" + b" 1" * 1_000_000).endswith("a line does not end within 1048576 bytes")
