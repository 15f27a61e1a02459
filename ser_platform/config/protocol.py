"""Which protocols, selections and doors go together: the rest is refused before anything runs."""

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.sweep import refuse_sweep
from ser_platform.errors import ConfigError


def refuse_to_search(file: ExperimentFile) -> None:
    """For a door that searches.

    Raises:
        ConfigError: when the file sweeps, or leaves nothing to select settings by.
    """
    refuse_sweep(file)
    if not file.validates and not file.selects_on_test:
        raise ConfigError(
            f"protocol: {file.protocol} has no validation part, so nothing is left to select by; "
            "use `python -m ser_platform.train`, or protocol: shared"
        )


def refuse_to_train(file: ExperimentFile) -> None:
    """For a door that takes the settings of a file as they stand.

    Raises:
        ConfigError: when the protocol is one of a search.
    """
    if file.protocol == "nested":
        raise ConfigError(
            "protocol: nested is a search: use `python -m ser_platform.tune`, or protocol: shared"
        )
