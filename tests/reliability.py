"""The rows of docs/reliability.md, and their tests run: outcome and seconds for each row.

python -m tests.reliability            # all rows
python -m tests.reliability F9 F13     # these
python -m tests.reliability --reports test.xml faults.xml    # as runs came out (--junitxml)
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "reliability.md"


@dataclass(frozen=True)
class Row:
    """A fault, what happens, and the tests that hold it: ``tests/storage/test_x.py::test_y``."""

    id: str
    fault: str
    happens: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Ran:
    """The parametrised runs of one test."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


def rows(text: str | None = None) -> list[Row]:
    """Of the table: lines with four cells whose first is a row's id, such as ``F13``."""
    found: list[Row] = []
    for line in (text or TABLE.read_text(encoding="utf-8")).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0][1:].isdigit():
            named = tuple(part for part in cells[3].split("`") if "::" in part)
            found.append(Row(cells[0], cells[1], cells[2], named))
    return found


def run(tests: list[str]) -> dict[str, Ran]:
    """Run tests by name, all their parameters; what became of each."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run([sys.executable, "-m", "pytest", *options, *tests], cwd=ROOT, check=False)
        return outcomes([report])


def outcomes(reports: Iterable[Path]) -> dict[str, Ran]:
    """What became of each test, by its name, as JUnit reports of pytest have it."""
    found: dict[str, Ran] = {}
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            file = f"{case.attrib['classname'].replace('.', '/')}.py"
            name = f"{file}::{case.attrib['name'].partition('[')[0]}"
            found[name] = _added(found.get(name, Ran()), case)
    return found


def _added(ran: Ran, case: ElementTree.Element) -> Ran:
    failed = case.find("failure") is not None or case.find("error") is not None
    skipped = case.find("skipped") is not None
    return Ran(
        ran.passed + (not failed and not skipped),
        ran.failed + failed,
        ran.skipped + skipped,
        ran.seconds + float(case.attrib["time"]),
    )


def _line(row: Row, ran: dict[str, Ran]) -> str:
    mine = [ran.get(test, Ran(failed=1)) for test in row.tests]
    failed, skipped = sum(r.failed for r in mine), sum(r.skipped for r in mine)
    passed = sum(r.passed for r in mine)
    outcome = "FAILED" if failed else "passed" if passed else "skipped"
    seconds = sum(r.seconds for r in mine)
    return f"| {row.id} | {outcome} | {passed} | {failed} | {skipped} | {seconds:.1f} |"


def main(argv: list[str]) -> int:
    """Say the rows that are asked for, all when none is; 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--reports", nargs="+", type=Path, metavar="XML")
    arguments = parser.parse_args(argv)
    chosen = [row for row in rows() if not arguments.rows or row.id in arguments.rows]
    if arguments.reports:
        ran = outcomes(arguments.reports)
    else:
        ran = run(sorted({test for row in chosen for test in row.tests}))
    lines = [_line(row, ran) for row in chosen]
    head = ["| row | outcome | passed | failed | skipped | seconds |", "|---|---|---|---|---|---|"]
    sys.stdout.write("\n".join([*head, *lines]) + "\n")
    return int(any("FAILED" in line for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
