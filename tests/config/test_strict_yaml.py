"""YAML says one thing only, and cannot hurt."""

import time
from typing import Any

import pytest
import yaml

from ser_platform.config import strict_yaml
from ser_platform.config.strict_yaml import Document, read_yaml


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds with libyaml and with PyYAML's own parser."""
    monkeypatch.setattr(strict_yaml, "_LOADER", getattr(yaml, request.param))


def problems(document: Document) -> list[str]:
    return [f"{p.line}: {'.'.join(map(str, p.path))}: {p.message}" for p in document.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        ("-.5", -0.5),
        ("3.", 3.0),
        ("12", 12),
        ("-12", -12),
        ("+3", 3),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("!!int '12'", 12),
        ("!!null ''", None),
        ("!!bool true", True),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    read = read_yaml(text)
    assert (read.value, type(read.value), read.problems) == (value, type(value), [])


@pytest.mark.parametrize(
    "text",
    ["no", "on", "yes", "off", "y", "n", "NO", "017", "08", "0b1", "12:30:45", "1_000",
     "2026-01-31", "1e", "nan", "inf", ".5.5", "0x", "1,5", "<<"],
)  # fmt: skip
def test_what_looks_like_something_else_to_old_yaml_stays_text(text: str) -> None:
    assert read_yaml(f"a: {text}").value == {"a": text}


@pytest.mark.parametrize("text", [".inf", "-.inf", "+.Inf", ".nan", ".NaN", "1.0e+400", "1e999"])
def test_numbers_that_are_not_finite_are_refused(text: str) -> None:
    assert problems(read_yaml(f"a: 1\nb: {text}")) == [f"2: b: {text} is not a finite number"]


def test_a_number_of_a_thousand_digits_is_refused() -> None:
    read = read_yaml("a: " + "9" * 1000)
    assert problems(read) == [f"1: a: {'9' * 37}... is too large a number"]


def test_lines_are_known_for_every_key_and_item() -> None:
    read = read_yaml("a:\n  b: 1\n  c:\n    - 2\n    - {d: 3}\ne: [4,\n  5]\n")
    assert read.value == {"a": {"b": 1, "c": [2, {"d": 3}]}, "e": [4, 5]}
    lines = {".".join(map(str, path)): line for path, line in read.lines.items()}
    assert lines == {"a": 1, "a.b": 2, "a.c": 3, "a.c.0": 4, "a.c.1": 5, "a.c.1.d": 5} | {
        "e": 6,
        "e.0": 6,
        "e.1": 7,
    }


def test_equal_keys_are_refused_with_both_lines() -> None:
    read = read_yaml("a: {b: 1,\n b: 2}\nc: 1\na: 3")
    assert problems(read) == [
        "2: a.b: given twice, first on line 1",
        "4: a: given twice, first on line 1",
    ]


@pytest.mark.parametrize(
    ("key", "shown"),
    [("1", "1"), ("true", "true"), ("null", "null"), ("1.5", "1.5"), ("? [x]\n", "a list of 1")],
)
def test_keys_are_text(key: str, shown: str) -> None:
    read = read_yaml(f"z: 1\n{key}: 2")
    assert problems(read) == [f"2: : the key {shown} is not text; put it in quotes"]
    assert read.value == {"z": 1}


def test_merge_keys_are_refused() -> None:
    read = read_yaml("a: &a {x: 1}\nb: {<<: *a}")
    assert problems(read) == ["2: b: '<<' (merge) is not read; write the settings out"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("!!python/object/apply:os.system ['touch hurt']", "!!python/object/apply:os.system"),
        ("!!python/name:os.system", "!!python/name:os.system"),
        ("!Thing {x: 1}", "!Thing"),
        ("!!timestamp 2026-01-31", "!!timestamp"),
        ("!!binary aGFsbG8=", "!!binary"),
        ("!!set {x}", "!!set"),
        ("!!int 1.5", "!!int"),
        ("!!int true", "!!int"),
        ("!!map [1]", "!!map"),
    ],
)
def test_tags_beyond_the_core_are_refused(text: str, tag: str) -> None:
    assert problems(read_yaml(f"a: {text}")) == [
        f"1: a: the tag {tag} does not fit here; leave it out"
    ]


def test_an_alias_is_a_copy() -> None:
    read = read_yaml("a: &a {x: [1]}\nb: *a")
    read.value["a"]["x"].append(2)
    assert read.value["b"] == {"x": [1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: *x", "1: : *x has no anchor &x before it"),
        ("a: &x\n  - *x", "2: : *x stands inside of &x itself"),
        ("a: &x 1\nb: [" + "*x, " * 65 + "]", "2: : more than 64 aliases"),
        ("a: 1\n---\nb: 2", "2: : a second document begins; give one experiment per file"),
        ("[" * 33 + "]" * 33, "1: : nested deeper than 32 levels"),
        ("a: [" + "0," * 10_001 + "]", "1: : more than 10000 values, with aliases written out"),
        ("a: \0", "1: : the character U+0000 is not allowed in YAML"),
        ("a: 1\nb: \x07", "2: : the character U+0007 is not allowed in YAML"),
        ("a: \ud800", "1: : the character U+D800 is not allowed in YAML"),
        ("a: 1\n#" + "x" * 256 * 1024, "None: : larger than 256 KiB"),
        ("a: 1\n\tb: 2", "2: : not YAML: a tab; indent with spaces"),
        ("ä: 1\nb: @x", "2: : not YAML: '@' cannot begin a word; put it in quotes"),
        ("a:\n\t- 2", "2: : not YAML: a tab; indent with spaces"),
        ("a: b: c", "1: : not YAML: a second ': ' on one line; put text with ': ' in quotes"),
        ("a: 1\nb: 'c\nd: 2\n", "2: : not YAML: a quote is opened here and never closed"),
    ],
)
def test_reading_stops_with_the_line_and_plain_words(text: str, message: str) -> None:
    read = read_yaml(text)
    assert not read.complete
    assert read.value is None
    assert problems(read) == [message]


def test_an_alias_bomb_is_refused_before_it_is_built() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]\n" for i in range(1, 12)
    )
    before = time.process_time()
    assert problems(read_yaml(text)) == ["5: : more than 10000 values, with aliases written out"]
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize(
    "text",
    ["[" * 250_000, "{a: " * 60_000, "? " * 100_000, "- " * 100_000, "a: " + "x" * 250_000,
     "\n".join(f"k{i}: {i}" for i in range(20_000)), "&a " * 80_000, "!a " * 80_000],
)  # fmt: skip
def test_no_text_under_the_size_limit_takes_long(text: str) -> None:
    before = time.process_time()
    read_yaml(text)
    assert time.process_time() - before < 5


def test_a_large_file_is_refused_without_the_parser() -> None:
    read = read_yaml("a: " + "x" * 10_000_000)
    assert problems(read) == ["None: : larger than 256 KiB"]
