"""``python -m ser_platform.tune experiments/wise.yaml``: search, select, score, rank."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.sweep import refuse_sweep
from ser_platform.door import door


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, run its study, show the leaderboard."""
    return door("tune", __doc__ or "", _act, argv=argv, refuse=refuse_sweep)


def _act(file: ExperimentFile, _arguments: Namespace) -> None:
    from ser_platform.train.given import look

    given = look(file)
    # Only now what takes long to load: a mistake in the file is told first.
    from ser_platform.leaderboard.show import show_if_possible
    from ser_platform.tune.study import run_study

    run_study(file, given)
    show_if_possible(file.tracking.uri, file.tracking.experiment)


if __name__ == "__main__":
    sys.exit(main())
