"""What ``ray job submit --working-dir .`` would send from this folder to a cluster."""

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

from ser_platform.doctor.finding import Finding

_MB = 1e6
_MUCH_MB = 20.0
"""The code and the experiment files are 1.5."""
_SHOWN = 3
_REMEDY = (
    "list what a job does not need in .rayignore; recordings lie where every node sees them, "
    "features in the object store"
)


def upload(folder: Path) -> Iterator[Finding]:
    """Whether what Ray would pack is small, and what is large in it."""
    from ray._private.runtime_env.packaging import GCS_STORAGE_MAX_SIZE

    sizes = packed(folder)
    total = sum(sizes.values())
    says = f"a job submitted from here takes along {len(sizes)} files, {total / _MB:.1f} MB"
    if total < _MUCH_MB * _MB:
        yield Finding("upload", "ok", says)
        return
    largest = sorted(sizes, key=lambda path: (-sizes[path], path))[:_SHOWN]
    shown = ", ".join(f"{path} {sizes[path] / _MB:.1f}" for path in largest)
    says = f"{says}; the largest in MB: {shown}"
    if total < GCS_STORAGE_MAX_SIZE:
        yield Finding("upload", "warning", says, _REMEDY)
    else:
        limit = f"Ray takes {GCS_STORAGE_MAX_SIZE / _MB:.0f} MB, packed"
        yield Finding("upload", "warning", f"{says}; {limit}", _REMEDY)


def packed(folder: Path) -> dict[str, int]:
    """Files that Ray packs of a folder, and their bytes: by its own rules, read from it."""
    from ray._private.ray_constants import get_runtime_env_default_excludes
    from ray._private.runtime_env import packaging

    found: dict[str, int] = {}

    def note(path: Path) -> None:
        known = path.stat()
        if stat.S_ISREG(known.st_mode):
            found[path.relative_to(folder).as_posix()] = known.st_size

    excluded = packaging._get_excludes(folder, get_runtime_env_default_excludes())
    quiet = logging.getLogger("packaging")  # else it names each of its ignore files
    packaging._dir_travel(folder, [excluded], note, include_gitignore=True, logger=quiet)
    return found
