"""What simulations came to, as tables for people; each computes what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.box import MARKDOWN
from rich.table import Table

from tests.benchmarks.scale.parameters import (
    CORPORA,
    UNPRUNED,
    Cluster,
    Corpus,
    Costs,
    Design,
    Study,
)
from tests.benchmarks.scale.simulation import Outcome, simulate
from tests.benchmarks.scale.staleness import lost_points
from tests.benchmarks.scale.validation import BEFORE, checks

GPUS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
_ENOUGH = 0.7
"""Share of the GPUs' time in training from which they are the bottleneck, as they should be."""


@dataclass(frozen=True)
class Cell:
    """A study of one size on a cluster of one size, laid out in the faster way."""

    gpus: int
    outcome: Outcome
    apart: bool

    @property
    def hours(self) -> float:
        return self.outcome.seconds / 3600


def bottleneck(outcome: Outcome) -> str:
    """What GPUs that do not train wait for most; computed, not judged."""
    shares = dict(outcome.shares)
    training = shares.pop("train")
    what, share = max(shares.items(), key=lambda item: item[1])
    if training >= _ENOUGH:
        return "GPUs"
    if what == "driver":
        resource, taken = max(outcome.busy.items(), key=lambda item: item[1])
        what = f"{resource}, {taken:.0%} busy"
    if what == "preparation":
        slowest = max(outcome.phases, key=lambda phase: phase.seconds)
        what = f"{slowest.name}, by {slowest.bound_by}"
    return f"{what} ({share:.0%})"


def fastest(
    study: Study,
    corpus: Corpus,
    cluster: Cluster | int,
    design: Design | None = None,
    costs: Costs | None = None,
) -> Cell:
    """With folds together or apart, whichever ends first; a number is of GPUs."""
    cluster = Cluster(gpus=cluster) if isinstance(cluster, int) else cluster
    ways = (False, True) if cluster.gpus > 1 else (False,)
    done = {
        apart: simulate(study, corpus, replace(cluster, apart=apart), costs, design)
        for apart in ways
    }
    apart = min(done, key=lambda way: done[way].seconds)
    return Cell(cluster.gpus, done[apart], apart)


def over_gpus(corpus: Corpus, study: Study, gpus: Sequence[int]) -> Table:
    """Time, cost and bottleneck of a study on more and more GPUs."""
    shown = _table(
        f"{corpus.name}, {study.trials} trials of {study.folds} folds, pruner {study.pruner.kind}",
        *("GPUs", "folds", "hours", "speed-up", "efficiency", "USD", "training", "head, GB"),
        "bottleneck",
    )
    first: Cell | None = None
    for count in gpus:
        cell = fastest(study, corpus, count)
        first = first or cell
        speed_up = first.hours / cell.hours * first.gpus
        shown.add_row(
            f"{count:,}",
            "apart" if cell.apart else "together",
            short(cell.hours),
            f"{speed_up:.1f}",
            f"{speed_up / count:.0%}",
            *_spent(cell),
        )
    return shown


def over_folds(trials: int, gpus: Sequence[int]) -> Table:
    """Folds and pruning: hours and dollars of the same search."""
    columns = ("5 folds", "5, pruned", "10 folds", "10, pruned")
    shown = _table(f"{trials} trials, hours (USD)", "corpus", "GPUs", *columns)
    for corpus in CORPORA:
        for count in gpus:
            row = []
            for folds in (5, 10):
                for study in (
                    Study(trials, folds, UNPRUNED),
                    Study(trials, folds),
                ):
                    cell = fastest(study, corpus, count)
                    row.append(f"{short(cell.hours)} ({cell.outcome.cost:,.0f})")
            shown.add_row(corpus.name, f"{count:,}", *row)
    return shown


WAYS = {
    "as it was before this model": BEFORE,
    "as it is": Design(),
    "running trials are not read again": Design(running_are_read=False),
    "controllers beside their workers": Design(controllers_on_head=False),
    "recordings are read by the tasks": Design(recordings_by_driver=False),
    "all three": Design(
        running_are_read=False, controllers_on_head=False, recordings_by_driver=False
    ),
}


def over_ways(corpus: Corpus, trials: int, gpus: int = 1000) -> Table:
    """The same on a large cluster, with one thing another way at a time; nothing is pruned."""
    shown = _table(
        f"{corpus.name}, {gpus:,} GPUs, {trials} trials of 5 folds, none pruned",
        *("", "hours", "USD", "training", "head, GB", "bottleneck"),
    )
    for name, design in WAYS.items():
        cell = fastest(Study(trials, pruner=UNPRUNED), corpus, gpus, design)
        shown.add_row(name, short(cell.hours), *_spent(cell))
    return shown


def over_spot(trials: int, gpus: int = 64) -> Table:
    """Spot instances: what is lost, what it costs at a third of the price."""
    shown = _table(
        f"{gpus} GPUs in nodes of 8, {trials} trials of 5 folds; spot at a third of the price",
        *("corpus", "nodes", "taken a node-hour", "hours", "USD", "training", "lost"),
    )
    for corpus in CORPORA:
        for grows, rate, price in (
            (False, 0.0, 1.0),
            (True, 0.0, 1.0),
            (True, 0.05, 1 / 3),
            (True, 0.5, 1 / 3),
        ):
            full = Cluster().gpu_price
            cluster = Cluster(
                gpus=gpus, grows=grows, preemptions_per_node_hour=rate, gpu_price=full * price
            )
            cell = fastest(Study(trials), corpus, cluster)
            shown.add_row(
                corpus.name,
                "come and go" if grows else "all the time",
                f"{rate:g}",
                short(cell.hours),
                f"{cell.outcome.cost:,.0f}",
                f"{cell.outcome.shares['train']:.0%}",
                f"{cell.outcome.shares.get('lost', 0.0):.2%}",
            )
    return shown


def over_speed(trials: int, gpus: Sequence[int] = (64, 1000)) -> Table:
    """What the assumed speed of a GPU decides."""
    shown = _table(
        f"{trials} trials of 5 folds, pruned",
        *("corpus", "a GPU is so many cores", "GPUs", "hours", "USD", "training", "head, GB"),
        "bottleneck",
    )
    for corpus in CORPORA:
        for speed in (3.0, 10.0, 30.0):
            for count in gpus:
                cell = fastest(Study(trials), corpus, Cluster(gpus=count, gpu_speed=speed))
                shown.add_row(
                    corpus.name, f"{speed:g}", f"{count:,}", short(cell.hours), *_spent(cell)
                )
    return shown


def limits() -> Table:
    """How many groups a head holds, with a trial for every five of them or for each."""
    costs = Costs()
    shown = _table(
        "Groups that a head holds, by its memory",
        *("head, GB", "corpus", "folds together", "folds apart", "cores waiting, together"),
    )
    for memory_gb in (64, 128, 256, 512):
        for corpus in CORPORA:
            study = Study()
            ids = corpus.utterances * (study.train_share + study.validation_share)
            frames = corpus.frame_bytes * Design().holds(corpus)
            taken_mb = (corpus.described_bytes(study.folds) + frames) / 1e6
            left_mb = memory_gb * 1000 - taken_mb - costs.driver_mb - costs.queue_mb
            each_mb = costs.controller_mb + ids * costs.queue_mb_per_id
            most = [
                max(0, int(left_mb / (each_mb + share * costs.trial_mb))) for share in (1, 0.2)
            ]
            shown.add_row(
                f"{memory_gb}", corpus.name, *map(str, most), f"{most[0] * costs.group_idle:.1f}"
            )
    return shown


def staleness(trials: int, seeds: int) -> Table:
    """What running many trials at once costs the quality of a search."""
    shown = _table(
        f"Searches of {trials} trials, {seeds} seeds: points of UA below the best setting",
        *("sampler", "mean", "2.5 to 97.5 % of searches"),
    )
    for name, lost in lost_points(trials, seeds, (1, 8, 40, 100, 200)).items():
        low, high = np.percentile(lost, [2.5, 97.5])
        error = np.std(lost, ddof=1) / np.sqrt(seeds)
        shown.add_row(name, f"{np.mean(lost):.2f} ± {error:.2f}", f"{low:.2f} to {high:.2f}")
    return shown


def validated() -> Table:
    """Measured beside simulated."""
    shown = _table("Beside measured runs", "", "measured", "simulated", "error")
    for check in checks():
        shown.add_row(
            check.what, f"{check.measured:.2f}", f"{check.simulated:.2f}", f"{check.error:+.0%}"
        )
    return shown


def short(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _spent(cell: Cell) -> tuple[str, ...]:
    """Dollars, share in training, memory of the head (marked where it lacks), bottleneck."""
    memory_gb = cell.outcome.memory_gb
    return (
        f"{cell.outcome.cost:,.0f}",
        f"{cell.outcome.shares['train']:.0%}",
        f"{memory_gb:.0f}{' (!)' * (memory_gb > Cluster().head_memory_gb)}",
        bottleneck(cell.outcome),
    )


def _table(title: str, *columns: str) -> Table:
    shown = Table(title=title, box=MARKDOWN)
    for number, name in enumerate(columns):
        words = number == 0 or name in ("bottleneck", "corpus", "nodes", "folds")
        shown.add_column(name, justify="left" if words else "right")
    return shown
