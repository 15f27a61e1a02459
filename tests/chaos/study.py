"""The study that is disturbed: both architectures, four trials, two folds, three epochs."""

from pathlib import Path
from typing import Any

from tests.chaos.plan import Unit
from tests.slow.platform import BOTH

NAME = "chaos"
EXPERIMENT = "chaos"
"""Of MLflow."""
EPOCHS = 3
FOLDS = 2
GRID = 4
"""Points: two architectures with one or two heads each."""
_REQUESTS = 90
"""To the store by the smallest undisturbed study, at least; most are of its folds."""
# As little training as makes settings differ in validation UA: among equals nothing is selected.
_TRAIN = {"epochs": EPOCHS, "batch_size": 4, "learning_rate": 0.01}
_WIDTHS = {
    "wise": {f"{part}_hidden": 32 for part in ("phoneme", "word", "audio", "text")},
    "alignment": {"weights": 32},
}


def reach(trials: int) -> dict[Unit, int]:
    """How far an undisturbed study gets; both architectures are scored on every fold."""
    return {
        "request": _REQUESTS,
        "epoch": trials * FOLDS * EPOCHS,
        "fold": trials * FOLDS + 2 * FOLDS,
    }


def settings(seed: int, root: Path, trials: int = GRID) -> dict[str, Any]:
    """The experiment file of a seed.

    Which settings a model-based sampler draws depends on which trial ended first, and that
    depends on the machine: two undisturbed runs of such a study differ too. A grid has the same
    points whatever happens, so everything that is trained can be compared. For the same reason
    nothing is pruned.

    Args:
        seed: of training, and of the order of the grid.
        root: of the demo corpus, which is made there if it is not.
        trials: at most four; the grid has no more.
    """
    return {
        **BOTH,
        "name": NAME,
        "corpus": {**BOTH["corpus"], "root": str(root)},
        "split": {**BOTH["split"], "folds": FOLDS},
        "study": {
            "trials": trials,
            "seed": seed,
            "sampler": {"kind": "grid"},
            "pruner": {"kind": "none"},
            "architectures": {
                name: {
                    **architecture,
                    "model": {**architecture["model"], **_WIDTHS[name]},
                    "train": {**_TRAIN, "seed": seed},
                    "search": {"model.heads": {"choice": [1, 2]}},
                }
                for name, architecture in BOTH["study"]["architectures"].items()
            },
        },
        # So often that it never matters here: a fold that many faults meet by chance fails by
        # design, and would fail undisturbed too if as many workers died.
        "cluster": {"groups": 2, "max_failures": 50},
        "tracking": {"experiment": EXPERIMENT},
    }
