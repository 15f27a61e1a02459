"""The platform as its users meet it: commands in a folder of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]

BOTH = {
    "name": "tiny",
    "corpus": {"kind": "demo", "size": "small"},
    "split": {"by": "kfold", "folds": 2},
    "study": {
        "trials": 2,
        "architectures": {
            "wise": {
                "features": {"kind": "mfcc39"},
                "model": {
                    "kind": "wise",
                    "phoneme_hidden": 8,
                    "word_hidden": 8,
                    "audio_hidden": 8,
                    "text_hidden": 8,
                    "weights": 8,
                    "classifier": [8, 8],
                },
                "train": {"epochs": 2},
                "search": {"model.heads": {"choice": [1, 2]}},
            },
            "alignment": {
                "features": {"kind": "shortterm34"},
                "model": {"kind": "alignment", "heads": 2, "weights": 4},
                "train": {"epochs": 2},
                "search": {"model.dropout": {"uniform": [0.0, 0.5]}},
            },
        },
    },
}
"""Both architectures, as small as they can be: seconds of training."""

ALONE: dict[str, object] = {
    "name": "tiny",
    "split": {"by": "kfold", "folds": 2},
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment", "heads": 2, "weights": 4},
    "train": {"epochs": 3},
}
"""One architecture, as small; the corpus and the study are to be said."""


@dataclass(frozen=True)
class Platform:
    """A folder to work in, and the environment of its commands."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, settings: dict[str, object], name: str = "tiny.yaml") -> str:
        """An experiment file."""
        (self.folder / name).write_text(yaml.safe_dump(settings), encoding="utf-8")
        return name

    def start(self, door: str, *arguments: str, faults: str = "") -> subprocess.Popen[str]:
        """``python -m ser_platform.<door>``, running; perhaps with faults (tests/injection).

        With faults it leads a group of processes, as in a shell, to which Ctrl-C goes.
        """
        command = ["tests.injection", door] if faults else [f"ser_platform.{door}"]
        return subprocess.Popen(
            [sys.executable, "-m", *command, *arguments],
            cwd=self.folder,
            env={**self.variables, "SER_FAULTS": faults, "SER_MARKS": str(self.marks)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=bool(faults),
        )

    def run(self, door: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``python -m ser_platform.<door>``, ended; output and errors together."""
        with self.start(door, *arguments) as process:
            output, _ = process.communicate(timeout=400)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    @property
    def marks(self) -> Path:
        """Of the faults that have struck."""
        return self.folder / "marks"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the commands."""
        inherited = dict(os.environ)  # noqa: TID251  # of the test run
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "RAY_AUTH_MODE": "disabled",
            **self.environment,
        }
