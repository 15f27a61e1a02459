"""What the terminal says at the end of a study: best settings, what mattered, the page."""

from pathlib import Path

import optuna
from rich.console import Console

from ser_platform.config.schema import ExperimentFile
from ser_platform.pages.terminal import console, say
from ser_platform.tune.best_settings import as_overrides, as_yaml, scored
from ser_platform.tune.cost import cost
from ser_platform.tune.importance import importance
from ser_platform.tune.page import BEST_ON_TEST
from ser_platform.tune.record import ENDED, best_of_each, counted, records
from ser_platform.tune.selection import TEST, score_of
from ser_platform.tune.time_left import in_words

_TOP = 3
"""Settings whose importance is told."""


def show_summary(
    study: optuna.Study, file: ExperimentFile, page: Path, to: Console | None = None
) -> None:
    """Best settings of each architecture to paste, top importances, cost, the page."""
    to = to or console()
    found = records(study, file)
    counts = [f"{sum(r.state == s for r in found)} {s}" for s in ENDED]
    spent = cost(found)
    saved = f", {spent.saved:.0%} saved by pruning" if spent.saved else ""
    say(to, f"study {study.study_name}: {', '.join(counts)}", "bold")
    say(to, f"{in_words(spent.seconds)} of training, {in_words(spent.gpu_seconds)} of GPUs{saved}")
    score = score_of(study, file)
    if score == TEST:
        say(to, BEST_ON_TEST, "bold red")
    for name, top in best_of_each(found).items():
        folds = counted(len(top.fold_uas), "fold")
        say(to, f"{name}: {score.words} {scored(top)} % over {folds}, trial {top.number}",
            "bold green")  # fmt: skip
        for line in as_yaml(top.settings).splitlines():
            say(to, f"  {line}")
        say(to, f"  {as_overrides(file, name, top.settings)}", "dim")
        shares, missing = importance(study, found, name)
        top_shares = [f"{s} {share:.0%}" for s, share in [*shares.items()][:_TOP]]
        say(to, f"  importance: {', '.join(top_shares) if shares else missing}")
    say(to, f"figures: {page}")
