"""The leaderboard as LaTeX tables of the package booktabs, to be read in by a paper."""

from collections.abc import Iterable, Iterator, Sequence

from ser_platform.leaderboard import notes
from ser_platform.leaderboard.columns import TEXTS, columns, legend
from ser_platform.leaderboard.comparison import Against, Comparisons
from ser_platform.leaderboard.published import NAMES
from ser_platform.leaderboard.rank import Board, Group
from ser_platform.leaderboard.reference import heading, protocols, reference_rows

_SPELLED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
        **{sign: f"${sign}$" for sign in "<>"},
        "±": r"$\pm$",
        "·": r"$\cdot$",
        "Δ": r"$\Delta$",
        "|": r"$|$",
        '"': "''",
        # Else one that begins a cell after \\ is taken for its optional argument.
        "[": "{[}",
        "]": "{]}",
    }
)
"""What LaTeX takes for a command, and what old engines cannot print."""


def as_latex(board: Board, tested: Comparisons) -> str:
    """A table for each group with its notes, and one of figures printed elsewhere."""
    return "\n".join(_lines(board, tested)) + "\n"


def _lines(board: Board, tested: Comparisons) -> Iterator[str]:
    yield r"% Needs \usepackage{booktabs} and \usepackage{graphicx}."
    for group in board.groups:
        yield from _group(group, tested[group.protocol_id])
    if board.groups:
        yield from ("", escaped(legend(board.groups, tested)))
    if board.unranked:
        yield from ("", r"\paragraph{Not ranked}")
        yield from (escaped(f"{notes.unranked(final)}.") for final in board.unranked)
    rows = reference_rows(board)
    known = (f"{name}: {note}." for name, note in protocols(rows).items())
    yield from _table(f"{heading(board)}.", NAMES, [row.cells for row in rows], known)


def _group(group: Group, against: Against) -> Iterator[str]:
    all_ = columns(group, against)
    cells = [[column.cell(row, against) for column in all_] for row in group.rows]
    caption = " ".join([*notes.warnings(group), f"{group.title}."])
    beneath = notes.explanations(group, against)
    yield from _table(caption, [column.name for column in all_], cells, beneath)


def _table(
    caption: str, names: Sequence[str], rows: Iterable[Sequence[str]], beneath: Iterable[str]
) -> Iterator[str]:
    yield ""
    yield r"\begin{table}"
    yield r"\centering"
    yield f"\\caption{{{escaped(caption)}}}"
    yield r"\resizebox{\textwidth}{!}{%"
    yield f"\\begin{{tabular}}{{{''.join('l' if name in TEXTS else 'r' for name in names)}}}"
    yield r"\toprule"
    yield f"{' & '.join(map(escaped, names))} \\\\"
    yield r"\midrule"
    for row in rows:
        yield f"{' & '.join(map(escaped, row))} \\\\"
    yield r"\bottomrule"
    yield r"\end{tabular}}"
    for line in beneath:
        yield f"\\par\\smallskip\\footnotesize {escaped(line)}"
    yield r"\end{table}"


def escaped(text: str) -> str:
    """The same text, printed as it stands."""
    return text.translate(_SPELLED)
