"""``python -m ser_platform.features experiments/wise.yaml``: fill the feature cache."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from ser_platform.config.schema import ExperimentFile
from ser_platform.door import door


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, compute and store the frames of each architecture."""
    return door("features", __doc__ or "", _act, argv=argv)


def _act(file: ExperimentFile, _arguments: Namespace) -> None:
    from ser_platform.train.given import look

    given = look(file)
    # Only now what takes long to load: a mistake in the file is told first.
    from ser_platform.runtime import cluster
    from ser_platform.train.prepare import fill

    with cluster():
        fill(file, given)


if __name__ == "__main__":
    sys.exit(main())
