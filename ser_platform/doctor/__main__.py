"""``python -m ser_platform.doctor``: whether everything that a study needs is here and works."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from ser_platform.config import load_experiment_file
from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.config.inputs import Mfcc39Config
from ser_platform.config.model.alignment import AlignmentConfig
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import guarded, parser_of, take_overrides
from ser_platform.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, look, report; 1 when something failed."""
    parser = parser_of("doctor", __doc__ or "")
    _add_arguments(parser)
    arguments = parser.parse_args(argv)

    def act() -> int:
        from ser_platform.doctor.checks import examined
        from ser_platform.doctor.show import show, write_json

        file = _file(arguments.experiment, arguments.overrides)
        findings = examined(file, quick=arguments.quick)
        return write_json(findings) if arguments.json else show(findings)

    return guarded(act)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "experiment",
        nargs="?",
        metavar="EXPERIMENT",
        help="whose corpus, store, MLflow, database and cluster to look at; none: the defaults",
    )
    take_overrides(parser, "store=s3://bucket/prefix")
    parser.add_argument("--quick", action="store_true", help="do not start or join Ray")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _file(path: str | None, overrides: Sequence[str]) -> ExperimentFile:
    if path is not None:
        return load_experiment_file(path, overrides)
    if overrides:
        raise ConfigError("--set replaces a setting of an experiment file: name one before it")
    return ExperimentFile(  # says nothing of its places
        name="doctor",
        corpus=DemoCorpusConfig(),
        features=Mfcc39Config(kind="mfcc39"),
        model=AlignmentConfig(kind="alignment"),
    )


if __name__ == "__main__":
    sys.exit(main())
