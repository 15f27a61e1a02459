"""``python -m ser_platform.train experiments/wise.yaml``: one setting, all folds, scored.

A file with a section ``sweep`` is trained at each of its values, and a curve is drawn.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ser_platform.config.protocol import refuse_to_train
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import door


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, train its settings as they stand, or along its sweep."""
    return door("train", __doc__ or "", _act, argv=argv, refuse=refuse_to_train)


def _act(file: ExperimentFile, _arguments: Namespace) -> None:
    from ser_platform.train.given import look, look_along

    if file.sweep:
        along = look_along(file)
        from ser_platform.train.sweep import sweep_file

        sweep_file(file, along)
        return
    given = look(file)
    # Only now what takes long to load: a mistake in the file is told first.
    from ser_platform.leaderboard.show import show_if_possible
    from ser_platform.train.finals import train_file

    train_file(file, given)
    show_if_possible(file.tracking.uri, file.tracking.experiment)


if __name__ == "__main__":
    sys.exit(main())
