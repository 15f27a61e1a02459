"""Experiment file plus ``--set`` overrides -> a checked :class:`ExperimentFile`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ser_platform.config.draft import Draft, key_path, put
from ser_platform.config.explain import explain
from ser_platform.config.first_points import method_problems
from ser_platform.config.problems import Problem, dotted, nearest, shown
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.search import search_problems
from ser_platform.config.secrets import secret_problems
from ser_platform.config.strict_yaml import MAX_BYTES, read_yaml
from ser_platform.config.sweep import sweep_problems
from ser_platform.errors import ConfigError


def load_experiment_file(path: str | Path, overrides: Iterable[str] = ()) -> ExperimentFile:
    """Read, override and check an experiment file, its search space and sweep included.

    Args:
        path: a YAML file such as ``experiments/wise.yaml``.
        overrides: ``section.key=value`` texts; values are read as YAML.

    Raises:
        ConfigError: naming every problem with its line, what was found and what is allowed.
    """
    draft = Draft(read_yaml(_text(Path(path))))
    file = None
    if draft.is_readable:
        for override in overrides:
            draft.override(override)
        draft.set_aside(list(secret_problems(draft.settings)))
        draft.set_aside(list(_beside_several(draft.settings)))
        file = _validated(draft)
    if file is not None:
        problems = search_problems(file)
        draft.report(problems)
        if not problems:  # a point can only be looked up in a space that is one
            draft.report(method_problems(file))
        draft.report(sweep_problems(file))
    if refusal := draft.refusal(str(path)):
        raise ConfigError(refusal)
    assert file is not None  # a file that could not be built has been refused
    return file


def with_settings(experiment: Experiment, values: Mapping[str, Any]) -> Experiment:
    """A checked copy with dotted settings replaced, e.g. ``{"model.dropout": 0.2}``.

    Raises:
        ConfigError: naming the settings that do not exist or may not have that value.
    """
    settings = experiment.model_dump(mode="json")
    placed = {key: put(settings, key_path(key), value) for key, value in values.items()}
    problems = [Problem(key_path(key), obstacle) for key, obstacle in placed.items() if obstacle]
    try:
        changed = Experiment.model_validate_json(json.dumps(settings))
    except ValidationError as e:
        problems += explain(e, Experiment)
    else:
        if not problems:
            return changed
    tried = " and ".join(f"{key}={shown(value)}" for key, value in values.items())
    said = "; ".join(f"{dotted(problem.path)}: {problem.message}" for problem in problems)
    raise ConfigError(f"with {tried}: {said}")


def _beside_several(settings: Mapping[str, Any]) -> Iterator[Problem]:
    """Sections of one architecture at the top of a file that has several.

    Told before they are looked into: as ``--set`` leaves them, they are seldom whole.
    """
    match settings:
        case {"study": {"architectures": {**several}}} if several:
            name = next(iter(several))
            for section in ("features", "functionals", "model", "train"):
                if settings.get(section):
                    message = (
                        "study.architectures is given, so this belongs inside each of them, such "
                        f"as study.architectures.{name}.{section}"
                    )
                    yield Problem((section,), message)
        case _:
            pass


def _validated(draft: Draft) -> ExperimentFile | None:
    """What the schema makes of the draft; refused settings are set aside to find the others."""
    try:
        return ExperimentFile.model_validate_json(json.dumps(draft.settings))
    except ValidationError as e:
        has_more = draft.set_aside(explain(e, ExperimentFile))
    return _validated(draft) if has_more else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as e:
        near = nearest(path.name, [p.name for p in path.parent.glob("*.yaml")])
        hint = f"; did you mean '{path.with_name(near)}'?" if near else ""
        raise ConfigError(f"{path}: no such experiment file{hint}") from e
    except IsADirectoryError as e:
        raise ConfigError(f"{path}: a folder, expected an experiment file") from e
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read: {e.strerror}") from e
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB, not an experiment file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise ConfigError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from e
