"""What a job takes along from a folder: the code, the experiments, and nothing else."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from ray._private.runtime_env.packaging import create_package

from ser_platform.doctor import upload as upload_module
from ser_platform.doctor.upload import packed, upload
from tests.ray_head import ROOT


def test_of_this_project_the_package_and_the_experiments_are_sent() -> None:
    sizes = packed(ROOT)
    top = {path.partition("/")[0] for path in sizes}
    assert {"ser_platform", "experiments", "pyproject.toml"} <= top
    assert top.isdisjoint({".git", ".venv", ".ser", "tests", "docs", "cluster"})
    assert not [path for path in sizes if path.endswith((".pyc", ".wav", ".db"))]
    assert sum(sizes.values()) < 5e6
    (found,) = upload(ROOT)
    assert found.state == "ok"


def test_what_is_said_is_what_ray_packs(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    for name in ("a.py", "b/c.wav", "b/d.py", "b/e.tmp", ".venv/x.py", "data/y.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x" * 10)
    (folder / ".rayignore").write_text("*.wav\n/data/\n")
    (folder / ".gitignore").write_text("*.tmp\n")
    target = tmp_path / "packed.zip"
    create_package(str(folder), target, include_gitignore=True, excludes=[".git", ".venv"])
    with ZipFile(target) as file:
        names = {info.filename for info in file.infolist() if not info.is_dir()}
    assert set(packed(folder)) == names == {".rayignore", ".gitignore", "a.py", "b/d.py"}


@pytest.mark.parametrize("limit", [None, 50])
def test_a_folder_with_recordings_in_it_is_worth_a_warning_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    monkeypatch.setattr(upload_module, "_MUCH_MB", 5e-5)
    if limit is not None:
        monkeypatch.setattr("ray._private.runtime_env.packaging.GCS_STORAGE_MAX_SIZE", limit)
    (tmp_path / "long.wav").write_bytes(b"x" * 100)
    (tmp_path / "a.py").write_text("x")
    (found,) = upload(tmp_path)
    assert found.state == "warning"
    assert "2 files, 0.0 MB; the largest in MB: long.wav" in found.says
    assert ("Ray takes 0 MB" in found.says) == (limit is not None)
    assert ".rayignore" in found.remedy
