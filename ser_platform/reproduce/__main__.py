"""``python -m ser_platform.reproduce experiments/papers``: the papers' tables, row by row.

Rows that are finished cost nothing when the same command is run again, the others go on. Ends
with 1 when a row failed.
"""

import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config import signature
from ser_platform.door import guarded, parser_of, take_overrides
from ser_platform.reproduce.rows import PaperRow, load_rows


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load every experiment file, run their rows."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(given)
    command = shlex.join(["python", "-m", "ser_platform.reproduce", *given])
    return guarded(lambda: _act(arguments, command))


def _parser() -> ArgumentParser:
    parser = parser_of("reproduce", (__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="such as experiments/papers")
    take_overrides(parser, "train.epochs=8", of="every file")
    parser.add_argument(
        "--corpus",
        metavar="EXPERIMENT",
        help="file whose corpus, split, alignment, embedding and transcript replace the papers'",
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW", help="these rows alone")
    parser.add_argument(
        "--seeds", type=_seeds, default=1, metavar="N", help="trainings of each row (default: 1)"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write Markdown here")
    parser.add_argument("--latex", type=Path, metavar="FILE", help="also write LaTeX here")
    parser.add_argument("--check", action="store_true", help="check all files and stop")
    return parser


def _seeds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100):
        raise ArgumentTypeError(f"'{text}' is no number from 1 to 100")
    return int(text)


def _act(arguments: Namespace, command: str) -> int:
    rows = load_rows(arguments.folder, arguments.overrides, arguments.only, arguments.corpus)
    if arguments.check:
        sys.stdout.write("".join(map(_summary, rows)))
        return 0
    # Only now what takes long to load: a mistake in a file is told first.
    from ser_platform.reproduce.reproduction import LATEX, MARKDOWN, reproduce

    copies = {MARKDOWN: arguments.markdown, LATEX: arguments.latex}
    wanted = {name: path for name, path in copies.items() if path is not None}
    return reproduce(rows, arguments.seeds, command, wanted)


def _summary(row: PaperRow) -> str:
    if row.left_out:
        return f"{row.name}: left out: {row.left_out}\n"
    identity = signature(row.file.experiment(row.architecture))
    return f"{row.name}: valid ({row.architecture}, signature {identity})\n"


if __name__ == "__main__":
    sys.exit(main())
