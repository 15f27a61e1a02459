"""``python -m ser_platform.leaderboard``: the results in MLflow, ranked, beside the papers'."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.schema import TrackingConfig
from ser_platform.door import guarded, parser_of


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, read MLflow, print the board."""
    defaults = TrackingConfig()
    parser = parser_of("leaderboard", __doc__ or "")
    parser.add_argument(
        "--uri", default=defaults.uri, help="SQLite file or server (default: %(default)s)"
    )
    parser.add_argument(
        "--experiment",
        default=defaults.experiment,
        metavar="NAME",
        help="tracking.experiment of the files that were run (default: %(default)s)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also write a table, all columns")
    arguments = parser.parse_args(argv)

    def act() -> None:
        from ser_platform.leaderboard.show import show
        from ser_platform.leaderboard.table import write_csv

        board = show(arguments.uri, arguments.experiment)
        if arguments.csv is not None:
            write_csv(board, arguments.csv)

    return guarded(act)


if __name__ == "__main__":
    sys.exit(main())
