r"""The tables as LaTeX, to be read with ``\input``; needs the packages booktabs and graphicx."""

from collections.abc import Sequence

from ser_platform.pages.page import Table
from ser_platform.reproduce.tables import Words

_SPECIAL = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "→": r"$\to$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
}
"""What LaTeX takes for its own, and what its fonts may lack."""


def as_latex(words: Words) -> str:
    """The text of a file: a float for each table, notes as a list at the end."""
    lines = [r"% needs \usepackage{booktabs} and \usepackage{graphicx}"]
    lines += [rf"\noindent\textbf{{{_plain(warning)}}}\par" for warning in words.warnings]
    # A command has no place where LaTeX could break a line.
    lines[1:1] = [f"% {' '.join(line.split())}" for line in words.head]
    for table in words.tables:
        lines += _table(table)
    lines.append(r"\begin{itemize}")
    lines += [rf"  \item {_plain(note)}" for note in words.notes]
    lines.append(r"\end{itemize}")
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    aligned = "l" * table.names + "r" * (len(table.columns) - table.names)
    label = "".join(c if c.isalnum() else "-" for c in table.caption.lower())
    return [
        r"\begin{table*}",
        r"  \centering",
        rf"  \caption{{{_plain(table.caption)}}}",
        rf"  \label{{tab:{label}}}",
        r"  \resizebox{\textwidth}{!}{%",
        rf"  \begin{{tabular}}{{{aligned}}}",
        r"    \toprule",
        f"    {_line(table.columns)}",
        r"    \midrule",
        *(f"    {_line(row)}" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"\end{table*}",
    ]


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(_plain, cells)) + r" \\"


def _plain(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in " ".join(text.split()))
