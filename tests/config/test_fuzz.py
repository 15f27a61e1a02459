"""Whatever a file says, it is an experiment or a refusal, never a traceback."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_platform.config import ExperimentFile, load_experiment_file, signature
from ser_platform.config.places import place_of
from ser_platform.config.strict_yaml import read_yaml
from ser_platform.errors import ConfigError

WORDS = [str(path[-1]) for path in place_of(ExperimentFile).paths()]
WORDS += ["uniform", "log_uniform", "choice", "search", "wise", "demo", "mfcc39", "table"]
PIECES = [
    *"[]{}:,-?!&*#|>@%'\"~\t\n\\", ": ", "- ", "\n  ", "&a ", "*a", "<<", "---\n", "...", "!!int ",
    "!!python/name:os", "1e-3", ".inf", "017", "true", "null", "\"\\ud800\"", "ä", "\0", *WORDS,
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inside),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "x.yaml"


def load_or_refuse(path: Path, data: bytes, overrides: Sequence[str] = ()) -> None:
    path.write_bytes(data)
    refusal = str(path)
    try:
        file = load_experiment_file(path, overrides)
        assert all(len(signature(file.experiment(name))) == 8 for name in file.architectures)
    except ConfigError as e:
        refusal = str(e)
    assert refusal.startswith(str(path))
    assert all(line.isprintable() and len(line) < 700 for line in refusal.split("\n"))


@given(data=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
@settings(deadline=None, max_examples=150)
def test_any_bytes(path: Path, data: bytes) -> None:
    load_or_refuse(path, data)


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30))
@settings(deadline=None, max_examples=250)
def test_any_shuffle_of_yaml(path: Path, pieces: list[str]) -> None:
    load_or_refuse(path, "".join(pieces).encode("utf-8"))


PATHS = sorted(place_of(ExperimentFile).paths(), key=str)
BASE: dict[str, Any] = {
    "name": "x",
    "corpus": {"kind": "demo"},
    "features": {"kind": "mfcc39"},
    "model": {"kind": "wise"},
    "study": {"search": {"model.dropout": {"uniform": [0.0, 0.5]}}},
}


@given(
    changes=st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3),
    search=st.dictionaries(st.sampled_from([".".join(map(str, p)) for p in PATHS]), VALUES),
)
@settings(deadline=None, max_examples=120)
def test_any_value_at_any_setting(
    path: Path, changes: list[tuple[Any, Any]], search: dict[str, Any]
) -> None:
    overrides = [f"{'.'.join(map(str, at))}={json.dumps(value)}" for at, value in changes]
    overrides += [f"study.search.{name}={json.dumps(domain)}" for name, domain in search.items()]
    load_or_refuse(path, json.dumps(BASE).encode(), overrides)


@given(text=st.text(alphabet=st.characters(), max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_text_is_read_the_same_in_quotes(text: str) -> None:
    """JSON is YAML: what json writes, with control characters escaped, is read as it was."""
    read = read_yaml(json.dumps({"a": text}))
    assert read.problems or read.value == {"a": text}
