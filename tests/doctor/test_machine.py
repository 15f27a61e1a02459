"""What the doctor says of this machine, and of ones that lack something."""

import shutil
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from ser_platform.doctor import machine
from ser_platform.doctor.finding import Finding, examine

Usage = namedtuple("Usage", "total used free")


def test_this_machine_is_well() -> None:
    checks = {"packages": machine.packages, "gpu": machine.gpus, "front": machine.front_ends}
    found = [f for name, check in checks.items() for f in examine(name, check)]
    assert [f.state for f in found if f.check != "gpu"] == ["ok", "ok"]
    assert all(f.state == "ok" or f.remedy for f in found)


def test_packages_that_are_missing_or_of_another_version_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = ["no-such-package>=1", "numpy<1", "torch>=2", "whatever; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda _: needs)
    (found,) = machine.packages()
    assert found == Finding(
        "packages",
        "failed",
        f"no-such-package is not installed; numpy {metadata.version('numpy')} is installed, <1 is "
        "needed",
        "install again: pip install -c constraints.txt -e '.[demo]', or `make demo`",
    )


@pytest.mark.parametrize(("free_gb", "state"), [(0.5, "failed"), (5, "warning"), (50, "ok")])
def test_disk_space_is_looked_at_where_the_folder_will_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_gb: float, state: str
) -> None:
    seen: list[Path] = []

    def usage(path: Path) -> Usage:
        seen.append(path)
        return Usage(0, 0, free_gb * 1e9)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    (found,) = machine.disk({"results": tmp_path / "not" / "made"})
    assert found.state == state
    assert found.says == f"{free_gb:.1f} GB free for results ({tmp_path}/not/made)"
    assert seen == [tmp_path]


def test_a_driver_that_torch_cannot_use_is_worth_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (found,) = machine.gpus()
    assert found.state == "warning"
    assert found.says.startswith(f"{driver} is here, but torch {torch.__version__}")
    monkeypatch.setenv("PATH", "")
    assert [f.state for f in machine.gpus()] == ["ok"]
