"""``python -m ser_platform.train experiments/wise.yaml``: one setting, all folds, scored.

A file with a section ``sweep`` is trained at each of its values, and a curve is drawn. With
``--seeds N`` the setting is trained N times, to know what of a score is chance.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from ser_platform.config.protocol import refuse_to_train
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import door


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, train its settings as they stand, or along its sweep."""
    return door("train", __doc__ or "", _act, _add_arguments, argv, _refuse)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        metavar="N",
        help="train N times: train.seed, the next, ...; one row of the leaderboard (default: 1)",
    )


def _refuse(file: ExperimentFile, arguments: Namespace) -> None:
    refuse_to_train(file, arguments.seeds)


def _act(file: ExperimentFile, arguments: Namespace) -> None:
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

    train_file(file, given, arguments.seeds)
    show_if_possible(file.tracking.uri, file.tracking.experiment)


if __name__ == "__main__":
    sys.exit(main())
