"""Which pruner a study should have: recorded searches are replayed as a search would see them.

    python -m tests.benchmarks.pruning [tests/benchmarks/records/emodb.json ...] \
        [--orders 100] [--patience 10] [--settings 40] \
        [--only REGEX] [--plot FOLDER]

A record (README.md beside them) has the learning curve of every fold of every setting, nothing cut
short. Each replay draws an order of the settings and asks Optuna's own pruners what they would
have stopped. Regret: validation UA of the best setting of the record minus that of the setting
which the pruned search selects, in points; of each architecture likewise, since the best setting
of each is scored on test. Cost: share of what the search without a pruner takes.
"""

import argparse
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.pruners import (
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
    WilcoxonPruner,
)
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from tests.benchmarks.replay import (
    FULL,
    Curves,
    Method,
    Outcome,
    at_fold_ends,
    at_rungs,
    best_of_folds,
    replay,
)
from tests.benchmarks.variants import enlarged, with_folds, with_patience

RECORDS = Path(__file__).parent / "records"
Search = tuple[Sequence[Curves], Sequence[int]]
"""Settings, and the order in which they are tried."""
Figures = NDArray[np.float64]
"""``[replays, 7]``: a column for each of ``COLUMNS``."""
COLUMNS = ("regret", "of each", "worst", "none of one", "same", "epochs", "seconds")
"""Regret in points; the same of each architecture, the mean over those that have a finished trial,
and the most; whether one has none; whether the same setting is found; shares of epochs and
seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="*", type=Path, default=sorted(RECORDS.glob("*.json")))
    parser.add_argument("--orders", type=int, default=100, help="orders of the settings")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 4], help="running trials")
    parser.add_argument("--settings", type=int, help="as many, drawn from what the record says")
    parser.add_argument("--patience", type=int, help="folds stop early, as in an experiment file")
    parser.add_argument("--only", default="", help="pruners whose name holds this expression")
    parser.add_argument("--plot", type=Path, help="folder for regret against cost, as SVG")
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # Wilcoxon's interface
    console = Console(width=170)
    for path in arguments.records:
        trials = read(path)
        if arguments.patience:
            trials = with_patience(trials, arguments.patience)
        searches = draw_searches(trials, arguments.orders, arguments.settings)
        title = f"{path.stem}, {arguments.settings or len(trials)} settings"
        for at_once in arguments.at_once:
            found = {
                name: figures(searches, method, at_once)
                for name, method in methods().items()
                if re.search(arguments.only, name)
            }
            found |= fewer_trials(searches)
            console.print(table(f"{title}, {at_once} at once", found))
            if arguments.plot:
                plot(arguments.plot / f"pruning-{path.stem}-{at_once}.svg", found)
        console.print(table(f"{title}, half of them, 1 at once", orders_of_folds(searches)))


def read(path: Path) -> list[Curves]:
    record = json.loads(path.read_text(encoding="utf-8"))
    return [
        Curves(
            trial["architecture"],
            tuple(np.array(fold["val_ua"]) for fold in trial["folds"]),
            tuple(np.array(fold["seconds"]) for fold in trial["folds"]),
            record["made"]["epochs"][trial["architecture"]],
        )
        for trial in record["trials"]
    ]


def draw_searches(
    trials: Sequence[Curves], number: int, settings: int | None = None
) -> list[Search]:
    """The record in random orders; given a number of settings, a record drawn for each."""
    rng = np.random.default_rng(0)
    records = [enlarged(trials, settings, rng) if settings else trials for _ in range(number)]
    return [(record, rng.permutation(len(record)).tolist()) for record in records]


# --- methods ----------------------------------------------------------------------------------


def methods() -> dict[str, Method]:
    """Each pruner twice: with all trials to compare with, and with those of an architecture."""
    named = {"none": Method(NopPruner, at_fold_ends)}
    for name, method in pruners():
        named[f"{name}, all"] = method
        named[f"{name}, own"] = Method(method.pruner, method.reports, apart=True)
    return named


def pruners() -> Iterator[tuple[str, Method]]:
    # Four of five folds reach 0.0625: a lower threshold stops nothing.
    for p, startup in ((0.1, 2), (0.2, 2), (0.3, 2), (0.4, 2), (0.3, 3), (0.4, 3)):
        yield f"wilcoxon p {p:g} from fold {startup}", wilcoxon(p, startup)
    for reduction in (2, 3, 4):
        for first in (0.1, 0.2, 0.4):
            yield f"asha 1/{reduction} from {first:g}", asha(reduction, first)
    yield "hyperband 1/3 from 0.2", hyperband(3, 0.2)
    yield "median", Method(MedianPruner, at_fold_ends)
    for best in (25, 75):
        yield f"best {best} %", Method(partial(PercentilePruner, best), at_fold_ends)


def wilcoxon(p: float, startup: int) -> Method:
    pruner = partial(WilcoxonPruner, p_threshold=p, n_startup_steps=startup)
    return Method(pruner, best_of_folds)


def asha(reduction: int, first: float) -> Method:
    rung = round(FULL * first)
    pruner = partial(SuccessiveHalvingPruner, min_resource=rung, reduction_factor=reduction)
    return Method(pruner, partial(at_rungs, first=rung, reduction=reduction))


def hyperband(reduction: int, first: float) -> Method:
    rung = round(FULL * first)
    pruner = partial(
        HyperbandPruner, min_resource=rung, max_resource=FULL, reduction_factor=reduction
    )
    return Method(pruner, partial(at_rungs, first=rung, reduction=reduction))


# --- figures ----------------------------------------------------------------------------------


def figures(searches: Sequence[Search], method: Method, at_once: int = 1) -> Figures:
    return np.array(
        [judge(trials, replay(trials, method, order, at_once)) for trials, order in searches]
    )


def judge(trials: Sequence[Curves], outcome: Outcome) -> tuple[float, ...]:
    """The figures of one replay, in the order of ``COLUMNS``."""
    best = {t.architecture: t.score for t in sorted(trials, key=lambda t: t.score)}
    found = {name: trials[place].score for name, place in outcome.selected.items()}
    regret = max(best.values()) - max(found.values())
    lost = [best[name] - found[name] for name in found]
    return (
        100 * regret,
        100 * float(np.mean(lost)),
        100 * max(lost),
        float(len(found) < len(best)),
        float(regret == 0),
        outcome.epochs / sum(t.num_epochs for t in trials),
        outcome.seconds / sum(float(t.spent_s[-1]) for t in trials),
    )


def fewer_trials(searches: Sequence[Search]) -> dict[str, Figures]:
    """What a pruner has to beat: fewer trials, none of them stopped."""
    none = Method(NopPruner, at_fold_ends)
    return {
        f"none, {share:.0%} of the trials": figures(
            [(trials, order[: round(share * len(order))]) for trials, order in searches], none
        )
        for share in (0.75, 0.5, 0.25)
    }


def orders_of_folds(searches: Sequence[Search]) -> dict[str, Figures]:
    """The order of folds is chosen on one half of the record and replayed on the other half."""
    found: dict[str, list[tuple[float, ...]]] = {}
    for trials, order in searches:
        earlier = [trials[place] for place in order[: len(order) // 2]]
        later = [trials[place] for place in order[len(order) // 2 :]]
        telling = by_how_telling(earlier)
        for name, method in (
            ("wilcoxon p 0.3 from fold 2, own", wilcoxon(0.3, 2)),
            ("asha 1/3 from 0.2, own", asha(3, 0.2)),
        ):
            apart = Method(method.pruner, method.reports, apart=True)
            for which, folds in (
                ("as they are", range(len(telling))),
                ("most telling first", telling),
                ("least telling first", telling[::-1]),
            ):
                arranged = with_folds(later, folds)
                outcome = replay(arranged, apart, range(len(arranged)))
                found.setdefault(f"{name}; {which}", []).append(judge(arranged, outcome))
    return {name: np.array(rows) for name, rows in found.items()}


def by_how_telling(trials: Sequence[Curves]) -> list[int]:
    """Folds, first the one whose score goes most with the mean of the others, over trials."""
    scores = np.array([[ua.max() for ua in t.val_ua] for t in trials])
    others = scores.sum(axis=1, keepdims=True) - scores
    folds = range(scores.shape[1])
    return sorted(folds, key=lambda k: -np.corrcoef(scores[:, k], others[:, k])[0, 1])


# --- shown ------------------------------------------------------------------------------------


def table(title: str, found: dict[str, Figures]) -> Table:
    replays = len(next(iter(found.values())))
    shown = Table(title=f"{title}: mean [2.5, 97.5 % of {replays} orders]", box=MARKDOWN)
    shown.add_column("pruner, compared with", no_wrap=True)
    shares = ("none of one", "same", "epochs, %", "seconds, %")
    for column in ("regret, points", "of each", "worst of all", *shares):
        shown.add_column(column, justify="right", no_wrap=True)
    for name, rows in sorted(found.items(), key=lambda item: -item[1][:, -1].mean()):
        regret, each, worst, lacking, same, epochs, seconds = rows.T
        shown.add_row(
            name,
            interval(regret, "{:.2f}"),
            interval(each, "{:.2f}"),
            f"{worst.max():.2f}",
            f"{lacking.mean():.0%}",
            f"{same.mean():.0%}",
            interval(100 * epochs, "{:.0f}"),
            interval(100 * seconds, "{:.0f}"),
        )
    return shown


def interval(values: Figures, form: str) -> str:
    low, high = np.percentile(values, [2.5, 97.5])
    return f"{form.format(values.mean())} [{form.format(low)}, {form.format(high)}]"


def plot(path: Path, found: dict[str, Figures]) -> None:
    """Mean regret against mean cost; what is left and below of a point is better."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for name, rows in found.items():
        regret, cost = rows[:, 0].mean(), 100 * rows[:, -1].mean()
        family = name.split()[0]
        axes.scatter(cost, regret, color=COLOURS.get(family, "grey"), s=18)
        axes.annotate(name, (cost, regret), xytext=(3, 2), textcoords="offset points", size=6)
    axes.set(xlabel="cost, % of the seconds without a pruner", ylabel="regret, points of UA")
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


COLOURS = {"none": "black", "wilcoxon": "tab:blue", "asha": "tab:orange", "hyperband": "tab:red"}


if __name__ == "__main__":
    main()
