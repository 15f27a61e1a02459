"""What chooses epochs must be there, and may be wanted or not: contradictions are refused here."""

from collections.abc import Mapping

from ser_platform.config.training import TrainConfig


def refuse_unselectable(protocol: str, selection: str, trained: Mapping[str, TrainConfig]) -> None:
    """Raise ValueError when protocol, selection and training contradict each other.

    Args:
        protocol: of the experiment.
        selection: what chooses epochs and settings.
        trained: dotted name of a section -> how it says to train.
    """
    if protocol == "nested" and selection == "best_on_test":
        raise ValueError(
            "selection: best_on_test looks at the test part, and protocol: nested promises that "
            "nothing does; use protocol shared or paper, or selection: validation"
        )
    for name, train in trained.items():
        if protocol == "paper" and train.patience is not None:
            raise ValueError(
                f"{name}.patience={train.patience} stops by validation, and protocol: paper has "
                f"none: it keeps the last of {name}.epochs; leave patience out"
            )
