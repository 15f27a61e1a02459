"""``python -m ser_platform.leaderboard``: the results in MLflow, ranked, beside the papers'."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.schema import TrackingConfig
from ser_platform.door import guarded, parser_of

_FORMATS = ("csv", "json", "latex", "markdown")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, read MLflow, print the board or write it."""
    parser = parser_of("leaderboard", __doc__ or "")
    _add_arguments(parser)
    arguments = parser.parse_args(argv)
    given = {name: getattr(arguments, name) for name in _FORMATS}

    def act() -> None:
        from ser_platform.leaderboard.show import show

        show(
            arguments.uri,
            arguments.experiment,
            protocol=arguments.protocol,
            against=arguments.against,
            files={name: path for name, path in given.items() if path is not None},
            page=arguments.page,
        )

    return guarded(act)


def _add_arguments(parser: ArgumentParser) -> None:
    defaults = TrackingConfig()
    parser.add_argument(
        "--uri", default=defaults.uri, help="SQLite file or server (default: %(default)s)"
    )
    parser.add_argument(
        "--experiment",
        default=defaults.experiment,
        metavar="NAME",
        help="tracking.experiment of the files that were run (default: %(default)s)",
    )
    parser.add_argument(
        "--protocol", default="", metavar="ID", help="only the rows of this protocol"
    )
    parser.add_argument(
        "--against",
        default="",
        metavar="RUN",
        help="test against this row and not the best: a run id, its beginning, or study/model",
    )
    for name in _FORMATS:
        parser.add_argument(
            f"--{name}", metavar="FILE", help=f"write it as {name}; - prints that, and no table"
        )
    parser.add_argument("--page", type=Path, metavar="FILE", help="write it as a page with plots")


if __name__ == "__main__":
    sys.exit(main())
