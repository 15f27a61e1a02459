"""``python -m ser_platform.serve``: a saved model behind HTTP, with a page to record and ask."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ser_platform.config.recognition import recogniser_from
from ser_platform.config.schema import TrackingConfig
from ser_platform.door import at_least, guarded, parser_of
from ser_platform.errors import ConfigError
from ser_platform.serve.limits import MB, Limits

_PACKAGES = ("fastapi_offline", "python_multipart", "uvicorn", "websockets")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, fetch the model, serve until a signal ends it."""
    parser = parser_of("serve", __doc__ or "")
    _add_arguments(parser)
    arguments = parser.parse_args(argv)

    def act() -> None:
        if missing := [name for name in _PACKAGES if find_spec(name) is None]:
            raise ConfigError(
                f"{', '.join(missing)} not installed: pip install 'ser-platform[serve]'"
            )
        recogniser = None
        if arguments.recogniser is not None:
            recogniser = recogniser_from(arguments.recogniser)
        from ser_platform.serve.server import Address, serve

        serve(
            arguments.model,
            uri=arguments.uri,
            recogniser=recogniser,
            address=Address(
                arguments.host,
                arguments.port,
                tuple(arguments.allow_host),
                arguments.token_file,
            ),
            limits=Limits(
                body_bytes=round(arguments.max_mb * MB),
                sound_s=arguments.max_seconds,
                at_once=arguments.at_once,
            ),
        )

    return guarded(act)


def _add_arguments(parser: ArgumentParser) -> None:
    limits = Limits()
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="models:/NAME@champion, models:/NAME/3, runs:/RUN/NAME, or a folder",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8010, help="(default: %(default)s)")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another name that the server may be called by; may be given again",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="whose content requests have to bear; made where it is not there, and needed for "
        "any address but this machine's own (default there: .ser/serve-token)",
    )
    parser.add_argument(
        "--recogniser",
        metavar="KIND[,SETTING=VALUE...]",
        help="hears words that nobody gives, as of predict",
    )
    parser.add_argument(
        "--max-mb",
        type=at_least(0.001),
        default=limits.body_bytes / MB,
        help="of a request, in 10^6 bytes (default: %(default)g)",
    )
    parser.add_argument(
        "--max-seconds",
        type=at_least(0.1),
        default=limits.sound_s,
        help="of a recording (default: %(default)g)",
    )
    parser.add_argument(
        "--at-once",
        type=at_least(1, int),
        default=limits.at_once,
        help="requests that are answered or wait, and streams; others are told to come back "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--uri", default=TrackingConfig().uri, help="of MLflow (default: %(default)s)"
    )


if __name__ == "__main__":
    sys.exit(main())
