"""Which protocols, selections and doors go together: the rest is refused before anything runs."""

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.sections import LARGEST_SEED
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


def refuse_to_train(file: ExperimentFile, seeds: int = 1) -> None:
    """For a door that takes the settings of a file as they stand.

    Args:
        file: what is trained.
        seeds: how many times, each with a seed of its own.

    Raises:
        ConfigError: when the protocol is one of a search, or several seeds make no sense.
    """
    if file.protocol == "nested":
        raise ConfigError(
            "protocol: nested is a search: use `python -m ser_platform.tune`, or protocol: shared"
        )
    if seeds < 1:
        raise ConfigError(f"--seeds {seeds}: nothing would be trained; give 1 or more")
    if seeds > 1 and file.sweep:
        setting = next(iter(file.sweep))
        raise ConfigError(
            f"--seeds {seeds}: the file sweeps {setting}, and a point of a curve is one training; "
            "leave --seeds out, or take the section sweep out"
        )
    for name in file.architectures:
        first = file.experiment(name).train.seed
        if first + seeds > LARGEST_SEED + 1:
            raise ConfigError(
                f"--seeds {seeds}: seeds of {name} would go from {first} beyond {LARGEST_SEED}, "
                "the largest there is; lower train.seed"
            )
