"""The walk through docs/adding.md is taken, word for word, in a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
STEP = re.compile(r"^```python (file|before)=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with every step taken."""
    for part in ("ser_platform", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "golden")
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    steps = STEP.findall((PROJECT / "docs" / "adding.md").read_text(encoding="utf-8"))
    assert [how for how, *_ in steps] == ["file", "file", *["before"] * 6]
    for how, name, text in steps:
        path = tmp_path / name
        if how == "file":
            assert not path.exists()
            path.write_text(text, encoding="utf-8")
            continue
        known = text.splitlines(keepends=True)[-1]
        before = path.read_text(encoding="utf-8")
        assert before.count(known) == 1, f"{name}: {known!r} is not there once"
        path.write_text(before.replace(known, text), encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_network_of_the_walk_is_searched_and_keeps_what_every_network_must(copy: Path) -> None:
    (copy / "means.yaml").write_text(
        "name: means\ncorpus: {kind: demo}\nfeatures: {kind: shortterm34}\nmodel: {kind: means}\n"
        "study: {search: {model.hidden: {choice: [32, 64]}}}\n",
        encoding="utf-8",
    )
    assert "valid (means" in run(copy, "ser_platform", "tune", "means.yaml", "--check")
    contract = run(
        copy,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/models/test_networks.py",
        "-k",
        "means",
    )
    assert re.search(r"\d\d passed", contract), contract
