"""docs/reliability.md has every fault that we promise to bear, each with a test that exists."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability import ROOT, Row, rows

PROMISED = (
    *(f"F{number}" for number in range(1, 32)),
    *(f"D{number}" for number in range(1, 9)),
    *(f"Y{number}" for number in range(1, 7)),
    *(f"S{number}" for number in range(1, 13)),
)


def test_every_fault_has_its_row_once_and_in_order() -> None:
    assert [row.id for row in rows()] == list(PROMISED)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_says_what_happens_and_names_tests_that_exist(row: Row) -> None:
    assert row.fault
    assert row.happens
    assert row.tests, "no test holds it"
    for test in row.tests:
        file, _, name = test.partition("::")
        assert name in set(_tests_in(ROOT / file)), f"{test} does not exist"


def test_a_line_of_the_table_is_read_with_all_its_tests() -> None:
    text = (
        "| F1 | a kill | goes on | `tests/a.py::test_x`, `tests/b.py::test_y` |\n| other | b |\n"
    )
    assert rows(text) == [
        Row("F1", "a kill", "goes on", ("tests/a.py::test_x", "tests/b.py::test_y"))
    ]


def _tests_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
