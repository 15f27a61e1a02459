"""The files of a model as they travel in a record: their content, and JSON of the rest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_platform.tracking.entries import ModelFiles

_FOLDER = "model/"


def model_to_json(model: ModelFiles) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What is to be known of a model, and its files by their paths in the record.

    Code is copied as well: it may be another by the time the record is sent.

    Raises:
        TypeError: for an input example of another type than :func:`_example_to_json` knows.
    """
    files: dict[str, bytes] = {}

    def taken(path: Path, where: str) -> str:
        # MLflow keeps the last part of a path, and packages are imported by it.
        name = f"{_FOLDER}{where}/{path.name}"
        files.update(_contents(path, name))
        return name

    told = {
        "name": model.name,
        "code": taken(model.code, "code"),
        "artifacts": {
            name: taken(path, f"artifacts/{index}")
            for index, (name, path) in enumerate(model.artifacts.items())
        },
        "requirements": model.requirements,
        "packages": [taken(p, f"packages/{index}") for index, p in enumerate(model.packages)],
        "input_example": _example_to_json(model.input_example),
    }
    return told, files


def model_from_json(
    told: dict[str, Any], members: Mapping[str, bytes], folder: Path
) -> ModelFiles:
    """The same model, its files in ``folder``."""
    for name, data in members.items():
        if name.startswith(_FOLDER):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return ModelFiles(
        name=told["name"],
        code=folder / told["code"],
        artifacts={name: folder / path for name, path in told["artifacts"].items()},
        requirements=tuple(told["requirements"]),
        packages=tuple(folder / path for path in told["packages"]),
        input_example=_example_from_json(told["input_example"]),
    )


def _contents(path: Path, name: str) -> dict[str, bytes]:
    """A file, or all of a folder but what Python compiled, by their names in the record."""
    if path.is_file():
        return {name: path.read_bytes()}
    return {
        f"{name}/{file.relative_to(path).as_posix()}": file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


def _example_to_json(example: Any) -> dict[str, Any] | None:
    """A table or an array; JSON knows neither, and floats come back as they were."""
    # Only here: doors that log nothing need not wait for pandas.
    import numpy as np
    import pandas as pd

    match example:
        case None:
            return None
        case pd.DataFrame():
            types = {str(name): str(kind) for name, kind in example.dtypes.items()}
            return {"table": example.to_dict("list"), "types": types}
        case np.ndarray():
            return {"array": example.tolist(), "type": str(example.dtype)}
        case _:
            raise TypeError(f"an input example is a table or an array, not {type(example)}")


def _example_from_json(told: dict[str, Any] | None) -> Any:
    import numpy as np
    import pandas as pd

    match told:
        case None:
            return None
        case {"table": columns, "types": types}:
            return pd.DataFrame(columns).astype(types)
        case {"array": values, "type": kind}:
            return np.array(values, dtype=kind)
        case _:
            raise ValueError(f"an input example with {sorted(told)}")
