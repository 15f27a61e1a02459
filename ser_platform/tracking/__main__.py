"""``python -m ser_platform.tracking sync``: send what MLflow did not take while it was away.

``status`` tells what is pending, how old it is and how large.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.schema import TrackingConfig
from ser_platform.door import guarded, parser_of
from ser_platform.errors import TrackingError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, and look after the journals of a folder."""
    parser = parser_of("tracking", __doc__ or "")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    sync = actions.add_parser("sync", help="send what is pending; exit code 1 if any is left")
    _add_folder(sync)
    sync.add_argument(
        "--uri", default="", help="SQLite file or server to send to (default: each study's own)"
    )
    status = actions.add_parser("status", help="tell what is pending, how old, how large")
    _add_folder(status)
    status.add_argument("--json", action="store_true", help="for programs: all of it, as JSON")
    arguments = parser.parse_args(argv)
    return guarded(lambda: {"sync": _sync, "status": _status}[arguments.action](arguments))


def _sync(arguments: Namespace) -> int:
    from ser_platform.pages.terminal import console, say
    from ser_platform.tracking.sync import sync
    from ser_platform.tracking.uri import check_uri

    if arguments.uri:
        check_uri(arguments.uri)
    root = _root(arguments.folder)
    outcomes = []
    for outcome in sync(root, arguments.uri):
        say(console(), outcome.text, "" if outcome.complete else "bold red")
        outcomes.append(outcome)
    if not outcomes:
        say(console(), f"{root}: nothing is pending")
    return 0 if all(outcome.complete for outcome in outcomes) else 1


def _status(arguments: Namespace) -> None:
    from ser_platform.tracking.pending import pending
    from ser_platform.tracking.show import show_pending, write_pending

    root = _root(arguments.folder)
    if arguments.json:
        write_pending(pending(root))
    else:
        show_pending(pending(root), root)


def _root(folder: Path) -> Path:
    """The folder of journals; where there is none, nothing was ever logged, or it is elsewhere."""
    root = folder.expanduser()
    if not root.is_dir():
        raise TrackingError(
            f"there is no folder {root}: name that of tracking.journal in the experiment file"
        )
    return root


def _add_folder(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        default=Path(TrackingConfig().journal),
        help="tracking.journal of the files that were run (default: %(default)s)",
    )


if __name__ == "__main__":
    sys.exit(main())
