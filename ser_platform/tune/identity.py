"""What a study is made of, so that one that has changed is not taken for the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.signature import NOT_IN_RESULTS, canonical_json
from ser_platform.train.prepared import Prepared

_MOST_SHOWN = 12
_OF_AN_ARCHITECTURE = ("features", "functionals", "model", "train")
Identity = dict[str, Any]
"""Name -> value, as JSON has it."""


def of_file(file: ExperimentFile) -> Identity:
    """What the file says that a study may not change on its way, by dotted name.

    How it searches (sampler, pruner, quota, first points, how many trials) may change: its
    trials stay comparable.
    """
    found: Identity = {
        "study.seed": file.study.seed,
        "study.goals": list(file.study.goals),
        "cluster.workers": file.cluster.workers,
    }
    several = len(file.architectures) > 1
    for name in file.architectures:
        prefix = f"study.architectures.{name}." if several else ""
        settings = file.experiment(name).model_dump(mode="json", exclude=NOT_IN_RESULTS)
        for setting, value in _flat(settings):
            own = setting.partition(".")[0] in _OF_AN_ARCHITECTURE
            found[(prefix if own else "") + setting] = value
        for setting, domain in file.search_space(name).items():
            at = f"{prefix}search" if several else "study.search"
            found[f"{at}.{setting}"] = domain.model_dump(mode="json")
    return found


def of_data(prepared: Mapping[str, Prepared]) -> Identity:
    """What it learns from, and the code that computes."""
    digests = {f"data of {name}": p.digest[:16] for name, p in prepared.items()}
    return digests | {"code": next(iter(prepared.values())).code}


def difference(old: Identity, new: Identity) -> list[str]:
    """A line for each name that has another value, or is only in one of them."""
    lines = [
        f"{name}: {_said(old, name)} -> {_said(new, name)}"
        for name in sorted(old.keys() | new.keys())
        if _said(old, name) != _said(new, name)
    ]
    more = len(lines) - _MOST_SHOWN
    return [*lines[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _said(identity: Identity, name: str) -> str:
    return canonical_json(identity[name]) if name in identity else "nothing"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
