"""What the papers use, setting by setting."""

from typing import Any

from ser_platform.config.schema import Experiment

_PAPERS_TRAINING: dict[str, dict[str, float]] = {
    "wise": {  # Shen 2020, section 3.2
        "learning_rate": 1e-3,
        "learning_rate_decay": 1e-3,
        "l2": 1e-4,
    },
    "alignment": {"learning_rate": 1e-3},  # Xu 2019, section 4.2
}


def paper_value(experiment: Experiment, setting: str) -> Any:
    """What the paper of a network uses; None where it does not say.

    The schema's default of a setting of a network is its paper's value, with its source.
    """
    section, _, name = setting.partition(".")
    if section == "model":
        return type(experiment.model).model_fields[name].default
    return _PAPERS_TRAINING.get(experiment.model.kind, {}).get(name)
