"""The floors of docs/architecture.md: imports go down, never up or sideways."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ser_platform

PACKAGE = Path(ser_platform.__file__).parent
FLOORS = (
    {"__main__"},  # every door, in whichever room
    {"door"},
    {"doctor"},
    {"tune", "reproduce", "serve"},
    {"train", "leaderboard", "predict", "audit"},
    {"inference", "tracking", "runtime", "upkeep"},
    {"batches", "joining", "normalisation"},
    {"dataset"},
    {"models"},
    {"transcripts"},
    {"features"},
    {"corpora"},
    {"cards"},
    {"evidence"},
    {"storage", "results"},
    {"metrics", "circumstances", "config", "pages", "process"},
    {"utterance", "emotions", "errors", "interruption", "redaction", "__init__"},
)
TORCH = (
    "models",
    "dataset",
    "batches",
    "inference",
    "tracking",
    "train",
    "predict",
    "serve",
    "tune",
    "doctor",
)
MAY_IMPORT = {
    "torch": (*TORCH, "features/pretrained"),
    "transformers": ("features/pretrained",),
    "huggingface_hub": ("features/pretrained",),
    "ray": ("runtime", "train", "tune", "doctor/upload", "serve/on_ray"),
    "optuna": ("tune",),
    "mlflow": ("tracking", "leaderboard", "inference/mlflow_code"),
    "boto3": ("storage/s3",),
    "botocore": ("storage/s3",),
    "opensmile": ("features",),
    "librosa": ("features",),
    "soundfile": ("features", "corpora", "doctor"),
    "soxr": ("features", "corpora/demo"),
    "scipy": ("evidence",),
    "fastapi": ("serve",),
    "starlette": ("serve",),
    "uvicorn": ("serve",),
    "prometheus_client": ("serve",),
    "espeakng_loader": ("corpora/demo",),
    "audformat": ("corpora/audformat",),
    "pocketsphinx": ("transcripts/engines",),
    "faster_whisper": ("transcripts/engines",),
    "google": ("transcripts/engines",),
}
"""Who may import a heavy package: beginnings of paths in the package; doors may import all."""
SOURCES = sorted(PACKAGE.rglob("*.py"))
KNOWN = frozenset(SOURCES)


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module a file imports, also inside functions and for type checking only."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "ser_platform":
            yield from (f"ser_platform.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    """The first part of the path; a door is no part of the room it stands in."""
    if path.name == "__main__.py":
        return "__main__"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    found = [height for height, rooms in enumerate(FLOORS) if name in rooms]
    assert found, f"'{name}' is on no floor; add it to FLOORS and to docs/architecture.md"
    return found[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down_only(path: Path) -> None:
    here = room(path)
    for module in imports(path):
        top, _, inside = module.partition(".")
        other = inside.partition(".")[0]
        is_room = (PACKAGE / other).is_dir() or (PACKAGE / f"{other}.py").is_file()
        if top == "ser_platform" and inside and is_room and other != here:
            assert floor(other) > floor(here), f"{here} may not import {module}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_heavy_packages_stay_where_they_are_needed(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    for module in imports(path):
        top = module.partition(".")[0]
        may = room(path) == "__main__" or here.startswith(MAY_IMPORT.get(top, here))
        assert may, f"{here} may not import {module}; {MAY_IMPORT[top]} may"


TRAINS = (
    *("train/group.py", "train/pool.py", "train/queue.py", "train/waiting.py"),
    *("train/fold.py", "train/loop.py", "train/progress.py", "train/checkpoint.py"),
    "tune/trial.py",
)
"""Where workers, the queue and trials begin: all that runs between two steps of training."""


def sources(module: str) -> Iterator[Path]:
    """The files that importing a module of ours loads."""
    parts = module.split(".")[1:]
    for place in (PACKAGE.joinpath(*parts[:n]) for n in range(len(parts) + 1)):
        yield from (p for p in (place / "__init__.py", place.with_suffix(".py")) if p in KNOWN)


@pytest.mark.parametrize("beginning", TRAINS)
def test_no_step_of_training_and_no_trial_can_wait_for_mlflow(beginning: str) -> None:
    """Neither MLflow nor our log of it is among what they import, at any depth."""
    reached: dict[Path, str] = {}
    waiting = [(PACKAGE / beginning, beginning)]
    while waiting:
        path, way = waiting.pop()
        if path in reached:
            continue
        reached[path] = way
        for module in imports(path):
            assert module.partition(".")[0] != "mlflow", way
            assert not module.startswith("ser_platform.tracking"), way
            if module.startswith("ser_platform"):
                waiting += [(source, f"{way} -> {module}") for source in sources(module)]
    assert len(reached) > 10


HEAVY = (
    *("torch", "ray", "mlflow", "optuna", "numpy", "boto3", "opensmile", "librosa", "sklearn"),
    "transformers",
)
CHECK = f"""
import sys, time
from ser_platform.__main__ import main
status = main(sys.argv[1:])
heavy = sorted(set({HEAVY}) & set(sys.modules))
print(status, ",".join(heavy) or "none", time.process_time())
"""


def test_a_check_is_fast_and_imports_nothing_heavy(tmp_path: Path) -> None:
    """One second of CPU is the promise; it takes 0.4."""
    (tmp_path / "wise.yaml").write_text(
        "name: wise\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
        "study: {search: {model.dropout: {uniform: [0.0, 0.5]}, model.heads: {choice: [1, 2]}}}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-c", CHECK, "tune", str(tmp_path / "wise.yaml"), "--check"]
    done = subprocess.run(
        command, cwd=PACKAGE.parent, capture_output=True, text=True, check=True, timeout=60
    )
    summary, ended = done.stdout.splitlines()
    assert "valid (wise, signature " in summary
    status, heavy, seconds = ended.split()
    assert (status, heavy) == ("0", "none")
    assert float(seconds) < 1
