"""Time, cost and bottleneck of studies on 1 to 1,000 GPUs, on paper.

    python -m tests.benchmarks.scale [--only validation] [--trials 400] [--plot scale.png]

Parts: ``validation`` (beside measured runs), ``gpus`` (a table for each corpus), ``folds`` (folds
and pruning), ``ways`` (1,000 GPUs, one thing of the platform another way at a time), ``spot``,
``speed`` (what the assumed speed of a GPU decides), ``limits`` (what a head holds), ``staleness``
(what running many trials at once costs a search). A part takes minutes.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.scale import tables
from tests.benchmarks.scale.parameters import CORPORA, UNPRUNED, Study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*PARTS])
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--gpus", type=int, nargs="+", default=tables.GPUS)
    parser.add_argument("--plot", type=Path, help="speed-up over GPUs, as PNG or SVG")
    arguments = parser.parse_args()
    console = Console(width=170)
    for part in arguments.only or PARTS:
        for table in PARTS[part](arguments.trials, arguments.gpus):
            console.print(table)
    if arguments.plot:
        plot(arguments.plot, arguments.trials, arguments.gpus)


def over_gpus(trials: int, gpus: Sequence[int]) -> list[Table]:
    return [tables.over_gpus(corpus, Study(trials=trials), gpus) for corpus in CORPORA]


PARTS: dict[str, Callable[[int, Sequence[int]], list[Table]]] = {
    "validation": lambda trials, gpus: [tables.validated()],
    "gpus": over_gpus,
    "folds": lambda trials, gpus: [tables.over_folds(trials, (8, 64, 1000))],
    "ways": lambda trials, gpus: [tables.over_ways(corpus, trials) for corpus in CORPORA],
    "spot": lambda trials, gpus: [tables.over_spot(trials)],
    "speed": lambda trials, gpus: [tables.over_speed(trials)],
    "limits": lambda trials, gpus: [tables.limits()],
    "staleness": lambda trials, gpus: [tables.staleness(200, 30)],
}


def plot(path: Path, trials: int, gpus: Sequence[int]) -> None:
    """Speed-up against one GPU; the dotted line is what GPUs alone would give."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for corpus in CORPORA:
        for study, style in (
            (Study(trials=trials), "-"),
            (Study(trials=trials, pruner=UNPRUNED), "--"),
        ):
            times = [tables.fastest(study, corpus, count).hours for count in gpus]
            label = f"{corpus.name}{', not pruned' if style == '--' else ''}"
            axes.loglog(gpus, [times[0] / each for each in times], style, label=label, marker=".")
    axes.loglog(gpus, gpus, ":", color="grey")
    axes.set(xlabel="GPUs", ylabel="speed-up against one GPU")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
